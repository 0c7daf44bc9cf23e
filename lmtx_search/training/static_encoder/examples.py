"""What a student learns from: parts of documents as tokens, with the teacher's embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder

Tokens = NDArray[np.int64]

# Tokens in one run of the teacher that reads single tokens.
_SINGLE_TOKENS = 256


@dataclass(frozen=True)
class Examples:
    """Parts of documents.

    Attributes:
        tokens: of each part, without special tokens; at least one.
        targets: float32[n, dimension], the teacher's embeddings, rows of length 1.
    """

    tokens: Sequence[Tokens]
    targets: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self.tokens)


class TeacherReader:
    """Reads tokens with the teacher.

    Args:
        teacher: the encoder, with its limit of tokens for documents.
    """

    def __init__(self, teacher: OnnxEncoder) -> None:
        self._teacher = teacher
        self._special = np.array(teacher.special_tokens(), dtype=np.int64)
        # What stands before and after a text: special tokens, and the prompt if there is one.
        (without,), (read,) = teacher.tokenise(["", "a"], 1)
        before = _common(without, read)
        after = _common(without[before:][::-1], read[before:][::-1])
        self._before, self._after = read[:before], read[len(read) - after :]

    def windows(self, texts: Sequence[str], most: int) -> list[Tokens]:
        """Return the tokens of all windows of documents, without special ones.

        Args:
            most: windows to read of a text. A window without any token is left out.
        """
        windows = (
            np.array(window[len(self._before) :], dtype=np.int64)
            for of_text in self._teacher.tokenise(texts, most)
            for window in of_text
        )
        plain = (window[~np.isin(window, self._special)] for window in windows)
        return [window for window in plain if len(window)]

    def examples(
        self, parts: Sequence[Tokens], on_batch: Callable[[int], None] | None = None
    ) -> Examples:
        """Return parts of documents with the teacher's embeddings."""
        return Examples(parts, self._embed(parts, on_batch))

    def single_tokens(self, on_batch: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Return the embedding of each token as a text of its own: float32[vocabulary, dimension].

        Special tokens, and ids without a token, have zeros.
        """
        vocabulary = self._teacher.vocabulary()
        table = np.zeros((len(vocabulary), self._teacher.dimension), dtype=np.float32)
        ids = np.array([id_ for id_, text in enumerate(vocabulary) if text], dtype=np.int64)
        ids = np.setdiff1d(ids, self._special)
        table[ids] = self._embed(ids[:, None], on_batch, _SINGLE_TOKENS)
        return table

    def _embed(
        self,
        parts: Sequence[Tokens] | Tokens,
        on_batch: Callable[[int], None] | None,
        batch_size: int | None = None,
    ) -> NDArray[np.float32]:
        texts = [[[*self._before, *part.tolist(), *self._after]] for part in parts]
        return self._teacher.embed(texts, batch_size, on_batch)


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens are the same at the beginning of both."""
    pairs = zip(first, second, strict=False)
    return next(
        (n for n, (one, other) in enumerate(pairs) if one != other), min(map(len, (first, second)))
    )


def passages(
    windows: Sequence[Tokens], number: int, per_window: int, shortest: int, seed: int
) -> list[Tokens]:
    """Return random passages of windows: consecutive tokens, at least ``shortest``.

    Windows take turns. A window that is not longer than ``shortest`` has no passages.

    Args:
        number, per_window: the largest number of passages in all, and of a window.
    """
    random = Random(f"{seed} passages")
    long = [window for window in windows if len(window) > shortest]
    found: list[Tokens] = []
    for place in range(min(number, per_window * len(long))):
        window = long[place % len(long)]
        length = random.randint(shortest, len(window))
        start = random.randint(0, len(window) - length)
        found.append(window[start : start + length])
    return found
