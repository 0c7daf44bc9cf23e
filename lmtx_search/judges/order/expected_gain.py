"""Where the next answer is expected to better the document's best label most."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Literal

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import WAIT, Case, Order, Wait

# Answers that a rank or a label is known by; older ones are forgotten.
_REMEMBERED = 200
# How many answers of its own outweigh what is known of the rank, for a label.
_PRIOR = 4.0


class ExpectedGain(Order):
    """Asks the pair with the highest expected improvement; stops where none is worth a call.

    The gain of a pair is the mean of max(0, p - best) over the values p that labels at the same
    rank were answered with so far, moved by how much the judge likes this label more or less than
    others at their ranks; ``best`` is the document's highest P(yes) so far. Until a rank has been
    answered often enough, it is asked as in the exhaustive order.

    What is asked follows from the answers so far, of all documents, and therefore from the order
    in which they come: with several hosts it is not the same each time.

    Args:
        least_gain: an expected improvement in P(yes) below this is not worth a call.
        explore: answers that a rank needs before it is judged by them.
    """

    def __init__(self, least_gain: float = 0.05, explore: int = 20) -> None:
        self.least_gain = least_gain
        self.explore = explore
        self._by_rank: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        # Of each label: how much its answers differ from its ranks' means; sum and count.
        self._by_label: dict[str, tuple[float, int]] = {}

    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the pair with the highest expected gain."""
        if case.pending:
            return WAIT  # also for the last of a document: the next one's choices learn from it
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
        """Return by how much an answer is expected to exceed ``best``; in [0, 1]."""
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
