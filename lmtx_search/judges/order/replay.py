"""Judgments from before, taken where an order asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import Case, Order, Wait


class Replay(Order):
    """Lets through to the judge only what an order asks that no stored judgment answers.

    The order sees each answer when it would have come, so what it asks does not depend on which
    answers are stored: a run that was killed and started again asks on as it would have.

    Args:
        taken: told of each stored judgment that is taken as an answer: the pair, its P(yes).
    """

    def __init__(self, order: Order, taken: Callable[[Pair, float], None]) -> None:
        self._order = order
        self._taken = taken

    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return what the order asks next that is not stored."""
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
