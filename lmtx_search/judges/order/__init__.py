"""Strategies that choose the next pair of a document to ask, by name."""

from __future__ import annotations

from collections.abc import Callable

from lmtx_search.errors import find_named
from lmtx_search.judges.order.base import WAIT, Case, Order, OrderedJudge, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.order.expected_gain import ExpectedGain
from lmtx_search.judges.order.until_first_yes import UntilFirstYes

__all__ = ["ORDERS", "WAIT", "Case", "Order", "OrderedJudge", "cases_of", "make_order"]

ORDERS: dict[str, Callable[[float], Order]] = {
    "exhaustive": lambda yes_from: Exhaustive(),
    "until-first-yes": UntilFirstYes,
    "expected-gain": lambda yes_from: ExpectedGain(),
}


def make_order(name: str, yes_from: float) -> Order:
    """Return the strategy with the given name.

    Args:
        yes_from: the P(yes) from which an answer is a yes, if the strategy needs one.

    Raises:
        UserError: there is no such strategy.
    """
    return find_named("order", ORDERS, name)(yes_from)
