"""Pairs of labels that mean nearly the same."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.gaps.similarity import cosine_of, relative, unrelated_cosine
from lmtx_search.hierarchy import ancestors
from lmtx_search.progress import Progress
from lmtx_search.rules import Rules
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


def near_duplicates(
    labels: LabelRows, most: int, progress: Progress, rules: Rules | None = None
) -> tuple[list[Pair], int, int]:
    """Return the most similar pairs of near-duplicate labels, and the number of all such pairs.

    A label and one above it are no duplicates, and labels for different groups never meet. Pairs
    that exclude each other are left out; the last result is their number.

    Args:
        most: number of pairs that are returned, at least 1, the most similar first.
        rules: None: there are none.
    """
    embeddings: NDArray[np.float32] = labels.embeddings
    count = len(embeddings)
    unrelated = unrelated_cosine(embeddings)
    least = cosine_of(LEAST_SIMILARITY, unrelated)
    group = _groups(labels, rules)
    related = _related(labels)
    excluded = _excluded(labels, rules, related)
    lower, higher = (np.concatenate(both) for both in zip(related, excluded, strict=True))
    order = np.argsort(lower, kind="stable")
    lower, higher = lower[order], higher[order]
    one, other = excluded
    meet = (group[one] == 0) | (group[other] == 0) | (group[one] == group[other])
    cosines_of_excluded = np.einsum("ij,ij->i", embeddings[one], embeddings[other])
    left_out = int(np.count_nonzero((cosines_of_excluded >= least) & meet))
    step = max(1, _PAIRS // max(1, count))
    number = 0
    # The best pairs so far: their cosines, and their rows.
    best, first, second = np.empty(0, np.float32), np.empty(0, np.int64), np.empty(0, np.int64)
    with progress.stage("Compare labels", count, "labels") as advance:
        for start in range(0, count, step):
            block = embeddings[start : start + step] @ embeddings[start:].T
            for row in range(len(block)):  # each pair once
                block[row, : row + 1] = -np.inf
            if group.any():
                own, others = group[start : start + len(block), None], group[None, start:]
                block[(own > 0) & (others > 0) & (own != others)] = -np.inf
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
    pairs = [Pair(one, other, relative(cosine, unrelated)) for one, other, cosine in found]
    return pairs, number, left_out


def _groups(labels: LabelRows, rules: Rules | None) -> Rows:
    """Return the number of the group that each label is for; 0: for all documents."""
    group_of = {} if rules is None else rules.group_of
    number = {name: at for at, name in enumerate(rules.groups if rules else (), 1)}
    return np.array([number.get(group_of.get(id_, ""), 0) for id_ in labels.ids], dtype=np.int64)


def _excluded(
    labels: LabelRows, rules: Rules | None, related: tuple[Rows, Rows]
) -> tuple[Rows, Rows]:
    """Return the pairs that exclude each other, without related ones: lower and higher rows."""
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    pairs = [
        sorted((row_of[one], row_of[other]))
        for one, other in (() if rules is None else rules.excluded())
        if one in row_of and other in row_of
    ]
    lower, higher = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    count = len(labels.ids)
    new = ~np.isin(lower * count + higher, related[0] * count + related[1])
    return lower[new], higher[new]


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
