"""The untrained encoder and words: centered cosine similarity plus weighted evidence from words."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.windows import word_windows
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.encoder_words import EncoderWords
from lmtx_search.evaluation.comparators.score_ranking import rank_by_scores
from lmtx_search.progress import Progress
from lmtx_search.words.weights import DEFAULT_WEIGHTS


class FrozenWords(Comparator):
    """The evidence has the fixed weights that a tagger has before the judge is asked."""

    def identity(self, context: ComparisonContext) -> str:
        """Return the number of its form, which is raised when it scores in another way."""
        return "4"

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        untrained = context.untrained(progress)
        started = time.monotonic()
        encoder = context.settings.encoder
        reads = load_encoder(context.settings, max_tokens=encoder.document_tokens)
        words = EncoderWords(reads, word_windows(encoder.document_tokens, encoder.windows))
        labels = words.of_labels(context.labels, context.training)
        learned = time.monotonic()

        def scores(part: slice) -> NDArray[np.float32]:
            found = words.of([document.text for document in context.documents[part]])
            evidence = labels.scores(found, DEFAULT_WEIGHTS)
            return untrained.cosines(part, centered=True) + evidence

        ids = [label.id for label in context.labels]
        output = rank_by_scores("frozen-words", context.documents, ids, scores, progress)
        return ComparatorResult(
            output,
            learn_seconds=learned - started,
            tag_seconds=untrained.seconds + time.monotonic() - learned,
        )


COMPARATOR = FrozenWords()
