"""OpenSearch's own BM25 of the document against the labels."""

from __future__ import annotations

import time

from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.progress import Progress


class Bm25(Comparator):
    """See :func:`lmtx_search.cluster.labels.bm25.rank_bm25`."""

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        system = systems.bm25(context.client, "bm25", context.label_index())
        started = time.monotonic()
        output = system.rank(context.documents, progress)
        return ComparatorResult(output, tag_seconds=time.monotonic() - started)


COMPARATOR = Bm25()
