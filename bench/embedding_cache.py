"""An encoder that reads each text once: its embeddings lie in a folder for the next run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.records import content_digest

# Texts in one file, so that a stopped run loses little.
_CHUNK = 256


class CachedEncoder:
    """Embeds texts as the encoder that it wraps, and stores the embeddings.

    Args:
        folder: of the stored embeddings. They are found by encoder, number of tokens and texts.
    """

    def __init__(self, encoder: OnnxEncoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder
        self.digest, self.dimension = encoder.digest, encoder.dimension
        folder.mkdir(parents=True, exist_ok=True)

    def encode(
        self, texts: Sequence[str], *, on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Embed documents."""
        return self.encode_windows(texts, 1, on_batch=on_batch)[0]

    def encode_labels(
        self, texts: Sequence[str], *, on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Embed the texts of labels."""

        def read(chunk: Sequence[str]) -> tuple[NDArray[np.float32], list[int]]:
            return self._encoder.encode_labels(chunk), [1] * len(chunk)

        return self._read("labels", texts, read, on_batch)[0]

    def encode_windows(
        self,
        texts: Sequence[str],
        most: int,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Embed the windows of documents, as :meth:`OnnxEncoder.encode_windows`."""
        return self._read(
            str(most), texts, lambda chunk: self._encoder.encode_windows(chunk, most), on_batch
        )

    def _read(
        self,
        kind: str,
        texts: Sequence[str],
        read: Callable[[Sequence[str]], tuple[NDArray[np.float32], list[int]]],
        on_batch: Callable[[int], None] | None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        parts = [np.empty((0, self.dimension), dtype=np.float32)]
        counts: list[int] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            key = content_digest(self.digest, str(self._encoder.max_tokens), kind, *chunk)
            file = self._folder / f"{key[:24]}.npz"
            if not file.is_file():
                vectors, windows = read(chunk)
                partial = file.with_suffix(".part.npz")
                np.savez(partial, vectors=vectors, counts=np.array(windows))
                partial.replace(file)
            with np.load(file) as stored:
                parts.append(stored["vectors"])
                counts += stored["counts"].tolist()
            if on_batch is not None:
                on_batch(len(chunk))
        return np.concatenate(parts), counts
