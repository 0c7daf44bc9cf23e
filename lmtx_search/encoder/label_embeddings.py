"""Embeds labels with their synonyms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.passages import label_passage
from lmtx_search.records import Label


class _Encoder(Protocol):
    def encode_labels(
        self, texts: Sequence[str], *, on_batch: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]: ...


def embed_labels(
    encoder: _Encoder,
    labels: Sequence[Label],
    on_batch: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Return float32[labels, dimension], rows of length 1.

    A label with synonyms lies between two embeddings: that of its name, and that of its name with
    all synonyms as one text. Each alone finds fewer right labels, because the first knows no other
    words and the second is drawn away from the name (bench/label_text.py).

    Args:
        on_batch: called with the number of embedded labels.
    """
    vectors = encoder.encode_labels([label_passage(label) for label in labels], on_batch=on_batch)
    rows = [row for row, label in enumerate(labels) if label.synonyms]
    if rows:
        names = encoder.encode_labels([labels[row].text for row in rows])
        between = vectors[rows] + names
        vectors[rows] = between / np.linalg.norm(between, axis=1, keepdims=True)
    return vectors
