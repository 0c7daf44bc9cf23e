"""Trained on the gold tags in the shortlist: the result of one cycle with a perfect judge."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Ceiling(Comparator):
    """The only comparator that sees gold tags of training documents. It serves as a measure."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that the training documents have no gold tags."""
        gold = context.learn_gold
        if gold is None:
            return "it needs gold tags of the training documents (--train-gold)"
        known = sum(document.id in gold for document in context.learn_from)
        return few(context, known, "training documents with gold tags")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        gold = context.learn_gold
        assert gold is not None
        started = time.monotonic()
        found = shortlists(context, None, context.learn_from, context.shortlist, progress)
        positives = {
            document: {label: 1.0 for label, _ in ranking if label in gold.get(document, ())}
            for document, ranking in found.items()
        }
        folder = context.folder / "encoder"
        base = untrained_source(context.settings).folder
        learn(context, base, context.learn_from, context.labels, positives, folder, progress)
        learned = sum(map(bool, positives.values()))
        note = f"{learned:,} of {len(positives):,} documents have a gold tag in their shortlist"
        return ranked(context, folder, "ceiling", started, progress, note)


COMPARATOR = Ceiling()
