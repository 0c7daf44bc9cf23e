"""Counts of gold tags by label, from which propensities and buckets are computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The number of documents by label, out of ``documents`` documents. No count is 0."""

    counts: Mapping[str, int]
    documents: int

    @classmethod
    def of(cls, label_sets: Iterable[AbstractSet[str]]) -> Frequencies:
        """Count the labels of documents, each given as its gold tags."""
        counts: Counter[str] = Counter()
        documents = 0
        for labels in label_sets:
            counts.update(labels)
            documents += 1
        return cls(counts, documents)
