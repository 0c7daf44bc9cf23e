"""Asks every pair (LMTX: Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

from lmtx_search.judges.order.base import Case, Order


class Exhaustive(Order):
    """Asks the whole shortlist, from the first label to the last."""

    def next(self, case: Case) -> int | None:
        """Return the first position that was not asked."""
        return next(case.unasked(), None)
