"""How often each label is a gold tag: what propensities and buckets are computed from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Of ``documents`` documents, ``counts`` of them have a label; no entry is 0."""

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
