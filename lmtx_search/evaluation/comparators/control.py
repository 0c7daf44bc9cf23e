"""Self-training on the encoder's own first label, which shows what the judge contributes."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Control(Comparator):
    """LMTX without a judge: each document's nearest label is its pseudo-positive."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that there are too few documents."""
        return few(context, len(context.learn_from), "training documents")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        started = time.monotonic()
        firsts = shortlists(context, None, context.learn_from, 1, progress)
        positives = {document: {ranking[0][0]: 1.0} for document, ranking in firsts.items()}
        base = untrained_source(context.settings).folder
        folder = context.folder / "encoder"
        learn(context, base, context.learn_from, context.labels, positives, folder, progress)
        return ranked(context, folder, "control", started, progress)


COMPARATOR = Control()
