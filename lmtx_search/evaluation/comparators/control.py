"""Self-training on the encoder's own first label: the simplest learning without a judge."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.records import Document
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.settings import FineTuning


class Control(Comparator):
    """The first label of each document's shortlist is its pseudo-positive.

    Shortlists, centering and the labels that are no negatives are those of LMTX. Documents that
    name a label and words do not teach here.
    """

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that there are too few documents."""
        return few(context, len(context.learn_from), "training documents")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        started = time.monotonic()
        return self_trained(
            context, context.learn_from, context.tuning, "control", started, progress
        )


def self_trained(
    context: ComparisonContext,
    documents: Sequence[Document],
    tuning: FineTuning,
    name: str,
    started: float,
    progress: Progress,
    note: str = "",
) -> ComparatorResult:
    """Train on the first labels of documents, then rank labels for the documents of the context.

    Args:
        started: when learning began.
    """
    found = shortlists(context, None, documents, context.shortlist, progress)
    positives = {document: {ranking[0][0]: 1.0} for document, ranking in found.items()}
    rest = {
        document: frozenset(label for label, _ in ranking[1:])
        for document, ranking in found.items()
    }
    folder = context.folder / "encoder"
    learn(
        context,
        untrained_source(context.settings).folder,
        documents,
        context.labels,
        positives,
        folder,
        progress,
        tuning,
        spared=rest if context.spared else {},
    )
    return ranked(context, folder, name, started, progress, note)


COMPARATOR = Control()
