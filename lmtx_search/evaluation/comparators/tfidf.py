"""TF-IDF of words and pairs of words, without stop words and with plurals folded."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.score_ranking import rank_by_scores
from lmtx_search.evaluation.comparators.tfidf_scores import Terms, TfIdfScores
from lmtx_search.progress import Progress


class TfIdf(Comparator):
    """Ranks the labels that share a term with the document.

    Args:
        name: of the comparator.
        terms: what counts as a term, see :data:`Terms`.
    """

    def __init__(self, name: str, terms: Terms) -> None:
        self._name = name
        self._terms = terms

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        started = time.monotonic()
        scores = TfIdfScores(self._terms, context.labels, context.training)
        learned = time.monotonic()
        output = rank_by_scores(
            self._name,
            context.documents,
            [label.id for label in context.labels],
            lambda part: scores.of(context.documents[part]),
            progress,
        )
        return ComparatorResult(
            output,
            learn_seconds=learned - started,
            tag_seconds=time.monotonic() - learned,
        )


COMPARATOR = TfIdf("tfidf", "words")
