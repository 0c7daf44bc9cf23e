"""Asks in the order of the shortlist until the judge says yes."""

from __future__ import annotations

from typing import Literal

from lmtx_search.judges.order.base import WAIT, Case, Order, Wait


class UntilFirstYes(Order):
    """Stops at the first yes of a document, since training draws one positive a document.

    Args:
        yes_from: the P(yes) from which an answer is a yes.
        ahead: pairs that may be asked while another answer is pending. With 0 no question is
            wasted, but the server idles between questions.
    """

    def __init__(self, yes_from: float = 0.5, ahead: int = 0) -> None:
        self.yes_from = yes_from
        self.ahead = ahead

    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the next position of the shortlist, unless there is a yes."""
        best = case.best()
        if best is not None and best >= self.yes_from:
            return None
        position = next(case.unasked(), None)
        if position is not None and len(case.pending) > self.ahead:
            return WAIT
        return position
