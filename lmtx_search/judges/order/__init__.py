"""Which pair of a document is asked next: strategies, chosen by name."""

from __future__ import annotations

from lmtx_search.errors import UserError
from lmtx_search.judges.order.base import WAIT, Case, Order, OrderedJudge, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.order.expected_gain import ExpectedGain
from lmtx_search.judges.order.until_first_yes import UntilFirstYes

__all__ = ["ORDERS", "WAIT", "Case", "Order", "OrderedJudge", "cases_of", "make_order"]

ORDERS = ("exhaustive", "until-first-yes", "expected-gain")


def make_order(name: str, yes_from: float) -> Order:
    """Return the strategy of that name.

    Args:
        yes_from: the P(yes) from which an answer is a yes, where the strategy needs one.

    Raises:
        UserError: there is none of that name.
    """
    if name == "exhaustive":
        return Exhaustive()
    if name == "until-first-yes":
        return UntilFirstYes(yes_from)
    if name == "expected-gain":
        return ExpectedGain()
    raise UserError(f"no order {name!r}: use {', '.join(ORDERS)}")
