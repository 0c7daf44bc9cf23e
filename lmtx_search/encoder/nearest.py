"""Finds the nearest labels of embeddings exactly, without an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# Pairs of a text and a label whose scores are in memory at a time (64 MB).
_PAIRS = 16_000_000

Id = TypeVar("Id")


def rows_at_a_time(labels: int) -> int:
    """Return for how many texts the scores of so many labels are in memory at a time: 1 or more.

    >>> rows_at_a_time(1_000_000)
    16
    """
    return max(1, _PAIRS // max(1, labels))


def nearest(
    vectors: NDArray[np.float32],
    labels: NDArray[np.float32],
    ids: Sequence[Id],
    k: int,
    plus: NDArray[np.float32] | None = None,
) -> list[list[tuple[Id, float]]]:
    """Return the k nearest labels of each vector as (id, cosine), best first.

    With ``plus``, these are the labels with the highest sum of the cosine and ``plus``.

    Args:
        vectors: float32[n, dimension], rows of length 1.
        labels: float32[L, dimension], rows of length 1.
        ids: ids of the L labels. Equal scores are ordered by position.
        k: all labels are returned if there are fewer.
        plus: float32[n, L].
    """
    k = min(k, len(ids))
    rankings: list[list[tuple[Id, float]]] = []
    step = rows_at_a_time(len(labels))
    for start in range(0, len(vectors), step):
        scores = vectors[start : start + step] @ labels.T
        if plus is not None:
            scores += plus[start : start + step]
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k] if k else np.empty((len(scores), 0))
        for row, columns in zip(scores, best.astype(int), strict=True):
            order = sorted(columns.tolist(), key=lambda column: (-row[column], column))
            rankings.append([(ids[column], float(row[column])) for column in order])
    return rankings
