"""The encoder of the settings as it is."""

from __future__ import annotations

import time

from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Frozen(Comparator):
    """What LMTX starts from."""

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Rank."""
        source = untrained_source(bench.settings)
        system = systems.encoder(bench.settings, bench.labels, source, "frozen")
        started = time.monotonic()
        output = system.rank(bench.documents, progress)
        return Found(output, tag_seconds=time.monotonic() - started)


COMPARATOR = Frozen()
