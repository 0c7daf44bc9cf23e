"""The control with all training documents instead of those that the judge was asked about."""

from __future__ import annotations

import time
from dataclasses import replace

from lmtx_search.encoder.load import load_encoder
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.control import self_trained
from lmtx_search.evaluation.comparators.learning import few
from lmtx_search.progress import Progress
from lmtx_search.training.settings import FineTuning

BUDGET = 600.0
"""Seconds of learning, about."""

# Documents that are embedded to measure the speed.
_TRIED = 64
# Training on a document takes about as long as embedding it four times.
_TRAINING = 4


class ControlAll(Comparator):
    """See :class:`lmtx_search.evaluation.comparators.control.Control`."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that there are too few documents."""
        return few(context, len(context.training), "training documents")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        tried = context.training[:_TRIED]
        encoder = load_encoder(context.settings, max_tokens=context.tuning.document_tokens)
        started = time.monotonic()
        encoder.encode([document.text for document in tried])
        each = (time.monotonic() - started) / len(tried)
        count, tuning = within_budget(context.tuning, len(context.training), each)
        epochs = f"{tuning.epochs} epochs" if tuning.epochs > 1 else "1 epoch"
        note = f"learned from {count:,} of {len(context.training):,} documents, {epochs}"
        documents = context.training[:count]
        return self_trained(context, documents, tuning, "control-all", started, progress, note)


def within_budget(tuning: FineTuning, documents: int, each: float) -> tuple[int, FineTuning]:
    """Return how many documents can be learned from in ten minutes, and for how many epochs.

    Args:
        documents: number of training documents, of which all are taken if there is time.
        each: seconds to embed a document.
    """
    steps = int(BUDGET / max(each, 1e-6)) // (1 + _TRAINING)
    count = min(documents, max(tuning.batch_size, steps))
    return count, replace(tuning, epochs=max(1, min(tuning.epochs, steps // count)))


COMPARATOR = ControlAll()
