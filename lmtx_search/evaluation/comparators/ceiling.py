"""Trained on the gold tags in the encoder's shortlist: what one cycle of a perfect judge gives."""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Ceiling(Comparator):
    """The only comparator that sees gold tags of training documents; it only measures."""

    def missing(self, bench: Bench) -> str | None:
        """Return that there is no gold for the training documents."""
        gold = bench.learn_gold
        if gold is None:
            return "it needs gold tags of the training documents (--train-gold)"
        known = sum(document.id in gold for document in bench.learn_from)
        return few(bench, known, "training documents with gold tags")

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Learn and rank."""
        gold = bench.learn_gold
        assert gold is not None
        started = time.monotonic()
        found = shortlists(bench, None, bench.learn_from, bench.shortlist, progress)
        positives = {
            document: {label: 1.0 for label, _ in ranking if label in gold.get(document, ())}
            for document, ranking in found.items()
        }
        folder = bench.folder / "encoder"
        base = untrained_source(bench.settings).folder
        learn(bench, base, bench.learn_from, bench.labels, positives, folder, progress)
        learned = sum(map(bool, positives.values()))
        note = f"{learned:,} of {len(positives):,} documents have a gold tag in their shortlist"
        return ranked(bench, folder, "ceiling", started, progress, note)


COMPARATOR = Ceiling()
