"""Finds in memory the labels that documents name, and fuses them with the nearest ones.

This is what the label index does (``cluster/labels/shortlists.py``), for labels that are in no
index: both rank by BM25 over the words of names and fuse by reciprocal ranks.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from lmtx_search.records import Label
from lmtx_search.words.names import WordCounts, words_of_names

# Lucene's defaults, and the rank constant of neural-search.
_K1, _B = 1.2, 0.75
_RANK_CONSTANT = 60


class NamedLabels:
    """The words of the names of labels. Labels are identified by their positions."""

    def __init__(self, labels: Iterable[Label]) -> None:
        names = [
            (row, name)
            for row, label in enumerate(labels)
            for name in words_of_names((label.text, *label.synonyms))
        ]
        self._names = names
        self._with: dict[str, list[int]] = defaultdict(list)
        for position, (_, name) in enumerate(names):
            for word in name:
                self._with[word].append(position)
        self._mean = sum(len(name) for _, name in names) / max(1, len(names))

    def find(self, counts: WordCounts) -> list[tuple[int, float]]:
        """Return the labels that a document names: (position of the label, score), best first.

        The score of a label is that of its best name. A name without a word that counts is none.
        """
        found: Counter[int] = Counter()
        scores: dict[int, float] = defaultdict(float)
        for word, count in counts.items():
            for position in self._with.get(word, ()):
                found[position] += 1
                scores[position] += count * self._idf(word)
        best: dict[int, float] = {}
        for position, there in found.items():
            row, name = self._names[position]
            if there == len(name) and scores[position]:
                length = _K1 * (1 - _B + _B * len(name) / self._mean)
                best[row] = max(best.get(row, 0.0), scores[position] / (1 + length))
        return sorted(best.items(), key=lambda hit: (-hit[1], hit[0]))

    def _idf(self, word: str) -> float:
        having = len(self._with[word])
        return math.log1p((len(self._names) - having + 0.5) / (having + 0.5))


def fuse(rankings: Iterable[Sequence[int]]) -> dict[int, float]:
    """Return the fused score of each item of some rankings (reciprocal rank fusion).

    >>> sorted(fuse([[7, 8], [9, 7]]).items(), key=lambda hit: -hit[1])[0][0]
    7
    """
    scores: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] += 1 / (_RANK_CONSTANT + rank)
    return scores
