"""What comparators that learn without a judge have in common."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.base import Comparator, ComparisonContext


class UnjudgedComparator(Comparator):
    """Ranks with an encoder of the context's training without a judge."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that there are too few documents."""
        return context.unjudged.missing

    def identity(self, context: ComparisonContext) -> str:
        """Return what the training has for itself."""
        return context.unjudged.identity
