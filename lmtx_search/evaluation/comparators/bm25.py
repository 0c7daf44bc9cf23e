"""OpenSearch's own BM25 of the document against the labels."""

from __future__ import annotations

import time

from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.progress import Progress


class Bm25(Comparator):
    """See :func:`lmtx_search.cluster.labels.bm25.rank_bm25`."""

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Rank."""
        system = systems.bm25(bench.client, "bm25", bench.label_index())
        started = time.monotonic()
        output = system.rank(bench.documents, progress)
        return Found(output, tag_seconds=time.monotonic() - started)


COMPARATOR = Bm25()
