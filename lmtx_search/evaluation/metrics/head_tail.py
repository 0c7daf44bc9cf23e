"""Measures apart for frequent and rare labels: head, middle and tail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from lmtx_search.evaluation.metrics.additive import Sums, ratios
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies

BUCKETS = ("head", "middle", "tail")
PRECISIONS = (1, 3, 5)
RECALL = 10


@dataclass(frozen=True, slots=True)
class Cut:
    """Labels by how often they are gold tags: head from ``head`` times on, tail below ``tail``."""

    head: int
    tail: int
    frequencies: Frequencies

    def bucket(self, label: str) -> str:
        """Return which of :data:`BUCKETS` a label is in."""
        count = self.frequencies.counts.get(label, 0)
        return "head" if count >= self.head else "middle" if count >= self.tail else "tail"

    def labels(self) -> dict[str, int]:
        """Return how many labels with gold tags are in each bucket."""
        found = Counter(map(self.bucket, self.frequencies.counts))
        return {bucket: found[bucket] for bucket in BUCKETS}


def cut(frequencies: Frequencies) -> Cut:
    """Cut so that each bucket has about a third of all gold tags.

    The most frequent labels that together have a third are the head, those that bring it to two
    thirds the middle. Labels that are equally frequent stay together, so that a bucket may be
    empty where there are few labels.
    """
    counts = sorted(frequencies.counts.values(), reverse=True)
    reached = np.cumsum(counts)
    head, tail = (counts[int(np.searchsorted(reached, reached[-1] * n / 3))] for n in (1, 2))
    return Cut(head, tail, frequencies)


def bucket_measures(
    rankings: Mapping[str, Sequence[str]],
    gold: Mapping[str, AbstractSet[str]],
    documents: Sequence[str],
    cut: Cut,
) -> Sums:
    """Return ``P@k`` and ``R@10`` of each bucket.

    ``P@k head`` is what right labels of the head contribute to P@k, so that the three buckets add
    up to it. ``R@10 head`` is the mean, over the documents that have gold tags of the head, of the
    share of these that is among the first ten.
    """
    names = [
        *(f"P@{k} {bucket}" for k in PRECISIONS for bucket in BUCKETS),
        *(f"R@{RECALL} {bucket}" for bucket in BUCKETS),
    ]
    columns = {name: column for column, name in enumerate(names)}
    above = np.zeros((len(documents), len(names)))
    below = np.ones((len(documents), len(names)))
    for row, document in enumerate(documents):
        ranking = rankings.get(document, ())
        right = [label for label in ranking[:RECALL] if label in gold[document]]
        found = Counter(map(cut.bucket, right))
        there = Counter(map(cut.bucket, gold[document]))
        for k in PRECISIONS:
            first = set(ranking[:k])
            for label in right:
                above[row, columns[f"P@{k} {cut.bucket(label)}"]] += (label in first) / k
        for bucket in BUCKETS:
            column = columns[f"R@{RECALL} {bucket}"]
            below[row, column] = there[bucket] > 0
            above[row, column] = found[bucket] / max(1, there[bucket])
    return ratios(names, above, below)
