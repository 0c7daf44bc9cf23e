"""The whole training as `train` does it, but without an answer of a judge."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import rank_with
from lmtx_search.evaluation.comparators.unjudged_comparator import UnjudgedComparator
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.training.curriculum import run_curriculum


class Unjudged(UnjudgedComparator):
    """Documents that name a label teach first, then all documents. Words count in the scores."""

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        training = context.unjudged
        named = training.taught_by_names(progress)
        started = time.monotonic() - sum(named.seconds.values())
        done = run_curriculum(training.resources, training.settings, training.state, progress)
        folder = training.state.encoder(done.best + 1)
        source = EncoderSource(folder, "unjudged", words=done.words)
        count = done.cycles[done.best].scored_documents
        note = f"learned from {count:,} documents, none of them judged"
        return rank_with(context, training.reading, source, started, progress, note)


COMPARATOR = Unjudged()
