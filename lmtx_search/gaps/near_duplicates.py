"""Pairs of labels that mean nearly the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.hierarchy import ancestors
from lmtx_search.progress import Progress
from lmtx_search.tagging.versions.label_matrix import LabelRows

LEAST_SIMILARITY = 0.9
"""The cosine similarity from which two labels are near-duplicates."""

# Similarities in memory at a time (64 MB).
_PAIRS = 16_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two labels by their rows, and their cosine similarity."""

    first: int
    second: int
    similarity: float


def near_duplicates(labels: LabelRows, progress: Progress) -> list[Pair]:
    """Return the pairs of near-duplicate labels, the most similar first.

    A label and one above it are no duplicates.
    """
    embeddings: NDArray[np.float32] = labels.embeddings
    count = len(embeddings)
    step = max(1, _PAIRS // max(1, count))
    found: list[Pair] = []
    with progress.stage("Compare labels", count, "labels") as advance:
        for start in range(0, count, step):
            block = embeddings[start : start + step] @ embeddings[start:].T
            for row, column in np.argwhere(block >= LEAST_SIMILARITY):
                if column > row:
                    pair = Pair(start + int(row), start + int(column), float(block[row, column]))
                    found.append(pair)
            advance(len(block))
    kept = [pair for pair in found if not _related(labels, pair)]
    return sorted(kept, key=lambda pair: -pair.similarity)


def _related(labels: LabelRows, pair: Pair) -> bool:
    first, second = labels.ids[pair.first], labels.ids[pair.second]
    return second in ancestors(labels.broader, first) or first in ancestors(labels.broader, second)
