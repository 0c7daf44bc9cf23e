"""Replays stored judgments when an order asks for their pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import Case, Order, Wait


class Replay(Order):
    """Passes on only those pairs of an order that no stored judgment answers.

    The order gets a stored answer at the moment when it asks for the pair. Its choices therefore do
    not depend on which answers are stored, and a killed run continues as it would have.

    Args:
        taken: called with the pair and P(yes) of each stored judgment that becomes an answer.
    """

    def __init__(self, order: Order, taken: Callable[[Pair, float], None]) -> None:
        self._order = order
        self._taken = taken

    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the next position of the order without a stored answer."""
        while True:
            position = self._order.next(case)
            if not isinstance(position, int) or position not in case.stored:
                return position
            p_yes = case.answers[position] = case.stored[position]
            self._order.learn(case.pairs[position], p_yes)
            self._taken(case.pairs[position], p_yes)

    def learn(self, pair: Pair, p_yes: float) -> None:
        """Pass the answer on."""
        self._order.learn(pair, p_yes)
