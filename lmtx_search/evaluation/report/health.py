"""Weaknesses of a label set: unused, overused, nearly identical and confused labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.nearest import rows_at_a_time

MOST = 15
NEARLY_SAME = 0.85
"""The encoder can hardly distinguish labels whose embeddings have this cosine."""
_OVERUSED = 0.2


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a label set on ``documents`` tagged documents. Labels are given by id.

    Attributes:
        never: labels that no document has.
        used: share of documents of each other label.
        overused: labels on a fifth of the documents or more, with their shares.
        duplicates: pairs with nearly the same embedding, and their cosine.
        confused: (missing gold label, wrong label in its place, number of documents). Without gold
            tags, pairs that are mostly assigned together.
    """

    documents: int
    never: list[str]
    used: dict[str, float]
    overused: list[tuple[str, float]]
    duplicates: list[tuple[str, str, float]]
    confused: list[tuple[str, str, int]]


def label_health(
    tags: Mapping[str, Sequence[str]],
    labels: Sequence[str],
    vectors: NDArray[np.float32],
    gold: Mapping[str, AbstractSet[str]] | None = None,
) -> Health:
    """Return the state of the label set, given the tags of documents.

    Args:
        labels: the ids of the label set.
        vectors: float32[labels, dimension], rows of length 1.
    """
    counts = Counter(label for assigned in tags.values() for label in assigned)
    share = {label: count / max(1, len(tags)) for label, count in counts.most_common()}
    pairs = _together(tags, counts) if gold is None else _instead(tags, gold)
    return Health(
        documents=len(tags),
        never=sorted(set(labels) - counts.keys()),
        used=share,
        overused=[(label, part) for label, part in share.items() if part >= _OVERUSED][:MOST],
        duplicates=near_duplicates(labels, vectors),
        confused=[(*pair, count) for pair, count in pairs.most_common(MOST) if count > 1],
    )


def near_duplicates(
    labels: Sequence[str], vectors: NDArray[np.float32], least: float = NEARLY_SAME
) -> list[tuple[str, str, float]]:
    """Return the pairs with the highest cosine, the nearest first."""
    found: list[tuple[str, str, float]] = []
    step = rows_at_a_time(len(labels))
    for start in range(0, len(labels), step):
        scores = vectors[start : start + step] @ vectors.T
        rows, columns = np.nonzero(scores >= least)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if start + row < column:
                found.append((labels[start + row], labels[column], float(scores[row, column])))
        found = sorted(found, key=lambda pair: -pair[2])[:MOST]
    return found


def _instead(
    tags: Mapping[str, Sequence[str]], gold: Mapping[str, AbstractSet[str]]
) -> Counter[tuple[str, str]]:
    """Count pairs of a missing gold label and the first wrong tag of the same document."""
    pairs: Counter[tuple[str, str]] = Counter()
    for document, assigned in tags.items():
        right = gold.get(document)
        if right:
            wrong = [label for label in assigned if label not in right]
            for missing in right - set(assigned):
                pairs.update((missing, label) for label in wrong[:1])
    return pairs


def _together(
    tags: Mapping[str, Sequence[str]], counts: Mapping[str, int]
) -> Counter[tuple[str, str]]:
    """Count pairs that occur together in at least half of the documents of each label."""
    both: Counter[tuple[str, str]] = Counter()
    for assigned in tags.values():
        both.update(combinations(sorted(set(assigned)), 2))
    return Counter(
        {
            (one, other): count
            for (one, other), count in both.items()
            if count >= 0.5 * max(counts[one], counts[other])
        }
    )
