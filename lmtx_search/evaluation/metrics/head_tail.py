"""Separate measures for frequent and rare labels: head, middle and tail."""

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
    """Buckets of labels by their gold counts: head from ``head`` on, tail below ``tail``."""

    head: int
    tail: int
    frequencies: Frequencies

    def bucket(self, label: str) -> str:
        """Return the bucket of a label, one of :data:`BUCKETS`."""
        count = self.frequencies.counts.get(label, 0)
        return "head" if count >= self.head else "middle" if count >= self.tail else "tail"

    def labels(self) -> dict[str, int]:
        """Return how many labels with gold tags are in each bucket."""
        found = Counter(map(self.bucket, self.frequencies.counts))
        return {bucket: found[bucket] for bucket in BUCKETS}


def cut(frequencies: Frequencies) -> Cut:
    """Cut so that each bucket has about a third of all gold tags.

    The most frequent labels with a third of the gold tags are the head, and those with the next
    third are the middle. Equally frequent labels stay together, so with few labels a bucket may be
    empty.
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

    ``P@k head`` is the contribution of right head labels to P@k, so the three buckets add up to
    P@k. ``R@10 head`` is the mean share of a document's head gold tags that are among the first
    ten labels, over the documents that have such tags.
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
        present = Counter(map(cut.bucket, gold[document]))
        for k in PRECISIONS:
            first = set(ranking[:k])
            for label in right:
                above[row, columns[f"P@{k} {cut.bucket(label)}"]] += (label in first) / k
        for bucket in BUCKETS:
            column = columns[f"R@{RECALL} {bucket}"]
            below[row, column] = present[bucket] > 0
            above[row, column] = found[bucket] / max(1, present[bucket])
    return ratios(names, above, below)
