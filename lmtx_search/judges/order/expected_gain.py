"""Asks the pair that is expected to improve the best label of its document most."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Literal

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import WAIT, Case, Order, Wait

# Answers remembered for each rank; older ones are forgotten.
_REMEMBERED = 200
# Number of own answers at which a label counts as much as its ranks.
_PRIOR = 4.0


class ExpectedGain(Order):
    """Asks the pair with the highest expected gain, and stops if no gain is worth a call.

    The gain of a pair is the mean of max(0, p - best) over the answers p at the same rank so far,
    shifted by how much the judge prefers this label to others at their ranks. ``best`` is the
    highest P(yes) of the document so far. A rank with too few answers is asked as in the exhaustive
    order.

    The choice depends on the answers about all documents so far, and so on the order in which they
    arrive. With several hosts it differs from run to run.

    Args:
        least_gain: a smaller expected gain in P(yes) is not worth a call.
        explore: answers that a rank needs before its gains are estimated.
    """

    def __init__(self, least_gain: float = 0.05, explore: int = 20) -> None:
        self.least_gain = least_gain
        self.explore = explore
        self._by_rank: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        # By label: sum and count of the differences between answers and the means of their ranks.
        self._by_label: dict[str, tuple[float, int]] = {}

    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the pair with the highest expected gain."""
        if case.pending:
            return WAIT  # even for the last pair: the next document learns from it
        unasked = list(case.unasked())
        if not unasked:
            return None
        best = case.best()
        if best is None:
            return unasked[0]
        gains = {position: self.gain(case.pairs[position], best) for position in unasked}
        position = max(unasked, key=gains.__getitem__)
        return position if gains[position] >= self.least_gain else None

    def gain(self, pair: Pair, best: float) -> float:
        """Return by how much an answer is expected to exceed ``best``, in [0, 1]."""
        seen = self._by_rank.get(pair.rank, ())
        if len(seen) < self.explore:
            return 1.0
        difference, count = self._by_label.get(pair.label.id, (0.0, 0))
        shift = difference / (count + _PRIOR)
        return sum(max(0.0, min(1.0, p + shift) - best) for p in seen) / len(seen)

    def learn(self, pair: Pair, p_yes: float) -> None:
        """Remember the answer for its rank and its label."""
        seen = self._by_rank[pair.rank]
        if seen:
            difference, count = self._by_label.get(pair.label.id, (0.0, 0))
            expected = sum(seen) / len(seen)
            self._by_label[pair.label.id] = (difference + p_yes - expected, count + 1)
        seen.append(p_yes)
