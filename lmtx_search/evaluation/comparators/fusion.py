"""TF-IDF and the untrained encoder, fused by rank; nothing is learned.

Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods (SIGIR 2009).
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.score_ranking import best, rank_by_scores
from lmtx_search.evaluation.comparators.tfidf_scores import Terms, TfIdfScores
from lmtx_search.progress import Progress

# The constant of the paper.
_K = 60
_FIRST = 10
"""Labels of each side that are fused. With 100, R@10 is up to 9 points lower (bench/opponents.py):
the many labels that share a common word with a document come before those that only one side finds.
"""


class Fusion(Comparator):
    """Fuses the first ten labels of two rankings. The encoder's documents are centered.

    Args:
        name: of the comparator.
        terms: what counts as a term, see :data:`Terms`.
    """

    def __init__(self, name: str, terms: Terms) -> None:
        self._name = name
        self._terms = terms

    def identity(self, context: ComparisonContext) -> str:
        """Return the number of its form, which is raised when it ranks in another way."""
        return "2"

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        untrained = context.untrained(progress)
        started = time.monotonic()
        tfidf = TfIdfScores(self._terms, context.labels, context.training)
        learned = time.monotonic()

        def scores(part: slice) -> NDArray[np.float32]:
            cosines = untrained.cosines(part, centered=True)
            return fused(cosines, tfidf.of(context.documents[part]))

        ids = [label.id for label in context.labels]
        output = rank_by_scores(self._name, context.documents, ids, scores, progress)
        return ComparatorResult(
            output,
            learn_seconds=learned - started,
            tag_seconds=untrained.seconds + time.monotonic() - learned,
        )


def fused(cosines: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of reciprocal ranks: float32[n, L].

    Labels that neither side has among its first come after the others, by cosine similarity.

    Args:
        cosines: float32[n, L].
        other: other scores of the same documents and labels; -inf for a label without any.
    """
    total = np.zeros(cosines.shape, dtype=np.float32)
    for scores in (cosines, other):
        for row, columns in zip(total, best(scores, _FIRST), strict=True):
            row[columns] += np.float32(1) / (_K + 1 + np.arange(len(columns), dtype=np.float32))
    # A cosine minus 2 is below any sum of ranks.
    return np.where(total > 0, total, cosines - 2)


COMPARATOR = Fusion("fusion", "words")
