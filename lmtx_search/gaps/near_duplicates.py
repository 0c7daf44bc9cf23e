"""Pairs of labels that mean nearly the same."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.gaps.similarity import cosine_of, relative, unrelated_cosine
from lmtx_search.hierarchy import ancestors
from lmtx_search.progress import Progress
from lmtx_search.tagging.versions.label_matrix import LabelRows

LEAST_SIMILARITY = 0.89
"""The similarity (``similarity.py``) from which two labels are near-duplicates."""

# Cosines in memory at a time (16 MB).
_PAIRS = 4_000_000

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two labels by their rows, and their similarity relative to unrelated labels."""

    first: int
    second: int
    similarity: float


def near_duplicates(labels: LabelRows, most: int, progress: Progress) -> tuple[list[Pair], int]:
    """Return the most similar pairs of near-duplicate labels, and the number of all such pairs.

    A label and one above it are no duplicates.

    Args:
        most: number of pairs that are returned, at least 1, the most similar first.
    """
    embeddings: NDArray[np.float32] = labels.embeddings
    count = len(embeddings)
    unrelated = unrelated_cosine(embeddings)
    least = cosine_of(LEAST_SIMILARITY, unrelated)
    lower, higher = _related(labels)
    step = max(1, _PAIRS // max(1, count))
    number = 0
    # The best pairs so far: their cosines, and their rows.
    best, first, second = np.empty(0, np.float32), np.empty(0, np.int64), np.empty(0, np.int64)
    with progress.stage("Compare labels", count, "labels") as advance:
        for start in range(0, count, step):
            block = embeddings[start : start + step] @ embeddings[start:].T
            for row in range(len(block)):  # each pair once
                block[row, : row + 1] = -np.inf
            some = slice(*np.searchsorted(lower, [start, start + len(block)]))
            block[lower[some] - start, higher[some] - start] = -np.inf
            cosines = block.ravel()
            is_near = cosines >= least
            number += int(np.count_nonzero(is_near))
            if len(best) == most:
                is_near &= cosines > best[-1]
            places = np.flatnonzero(is_near)
            if len(places) > most:
                places = places[np.argpartition(-cosines[places], most - 1)[:most]]
            best = np.concatenate([best, cosines[places]])
            first = np.concatenate([first, start + places // block.shape[1]])
            second = np.concatenate([second, start + places % block.shape[1]])
            order = np.argsort(-best, kind="stable")[:most]
            best, first, second = best[order], first[order], second[order]
            advance(len(block))
    found = zip(first.tolist(), second.tolist(), best.tolist(), strict=True)
    return [Pair(one, other, relative(cosine, unrelated)) for one, other, cosine in found], number


def _related(labels: LabelRows) -> tuple[Rows, Rows]:
    """Return the pairs of a label and one above it: the lower rows, in order, and the higher."""
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    lower, higher = array("q"), array("q")
    for id_ in labels.broader.keys() & row_of.keys():
        for above in ancestors(labels.broader, id_):
            if (other := row_of.get(above)) is not None:
                lower.append(min(row_of[id_], other))
                higher.append(max(row_of[id_], other))
    order = np.argsort(np.array(lower, dtype=np.int64), kind="stable")
    return np.array(lower, dtype=np.int64)[order], np.array(higher, dtype=np.int64)[order]
