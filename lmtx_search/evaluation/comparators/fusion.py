"""TF-IDF and the untrained encoder, fused by rank; nothing is learned.

Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods (SIGIR 2009).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.score_ranking import best, rank_by_scores
from lmtx_search.evaluation.comparators.tfidf_scores import WORDS, TfIdfScores
from lmtx_search.progress import Progress

# The constant of the paper.
_K = 60


class Fusion(Comparator):
    """Fuses two rankings of 100 labels. The encoder's documents are centered.

    Args:
        name: of the comparator.
        terms: what counts as a term, see :class:`TfIdfScores`.
    """

    def __init__(self, name: str, terms: Mapping[str, Any]) -> None:
        self._name = name
        self._terms = terms

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        untrained = context.untrained(progress)
        started = time.monotonic()
        tfidf = TfIdfScores(self._terms, context.labels, context.training)
        learned = time.monotonic()

        def scores(part: slice) -> NDArray[np.float32]:
            sides = (untrained.cosines(part, centered=True), tfidf.of(context.documents[part]))
            return fused(sides)

        ids = [label.id for label in context.labels]
        output = rank_by_scores(self._name, context.documents, ids, scores, progress)
        return ComparatorResult(
            output,
            learn_seconds=learned - started,
            tag_seconds=untrained.seconds + time.monotonic() - learned,
        )


def fused(sides: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the sums of reciprocal ranks: float32[n, L]; -inf for labels that no side ranks.

    Args:
        sides: scores of the same documents and labels, float32[n, L] each.
    """
    total = np.zeros(sides[0].shape, dtype=np.float32)
    for scores in sides:
        for row, columns in zip(total, best(scores), strict=True):
            row[columns] += np.float32(1) / (_K + 1 + np.arange(len(columns), dtype=np.float32))
    total[total == 0] = -np.inf
    return total


COMPARATOR = Fusion("fusion", WORDS)
