"""The untrained encoder of the settings."""

from __future__ import annotations

import time

from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Frozen(Comparator):
    """The encoder that LMTX starts from."""

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        source = untrained_source(context.settings)
        system = systems.encoder(context.settings, context.labels, source, "frozen")
        started = time.monotonic()
        output = system.rank(context.documents, progress)
        return ComparatorResult(output, tag_seconds=time.monotonic() - started)


COMPARATOR = Frozen()
