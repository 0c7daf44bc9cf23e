"""The encoder that documents which name a label taught, and nothing else."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import rank_with
from lmtx_search.evaluation.comparators.unjudged_comparator import UnjudgedComparator
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.training.word_scoring import word_scoring


class Named(UnjudgedComparator):
    """The encoder that `train` has before its first cycle.

    Args:
        name: of the comparator.
        with_words: whether words count beside the encoder, by the weights that they have before
            there are answers.
    """

    def __init__(self, name: str, *, with_words: bool) -> None:
        self._name = name
        self._with_words = with_words

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, unless another comparator has learned the same, then rank labels."""
        training = context.unjudged
        named = training.taught_by_names(progress)
        started = time.monotonic() - sum(named.seconds.values())
        words = word_scoring(training.resources, training.settings) if self._with_words else None
        source = EncoderSource(training.state.encoder(0), self._name, words=words)
        note = f"learned from {named.named:,} documents that name one of {named.labels:,} labels"
        return rank_with(context, training.reading, source, started, progress, note)


COMPARATOR = Named("named", with_words=False)
