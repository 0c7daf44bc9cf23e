"""Self-training on the encoder's own first label: is it the judge that teaches?"""

from __future__ import annotations

import time

from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Control(Comparator):
    """LMTX without a judge: each document's nearest label is its pseudo-positive."""

    def missing(self, bench: Bench) -> str | None:
        """Return that there are too few documents."""
        return few(bench, len(bench.learn_from), "training documents")

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Learn and rank."""
        started = time.monotonic()
        firsts = shortlists(bench, None, bench.learn_from, 1, progress)
        positives = {document: {ranking[0][0]: 1.0} for document, ranking in firsts.items()}
        base = untrained_source(bench.settings).folder
        folder = bench.folder / "encoder"
        learn(bench, base, bench.learn_from, bench.labels, positives, folder, progress)
        return ranked(bench, folder, "control", started, progress)


COMPARATOR = Control()
