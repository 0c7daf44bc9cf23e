"""One pseudo-positive, the likelier the surer the judge is of it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def weighted(labels: Sequence[int], p_yes: Sequence[float], random: Random) -> list[int]:
    """Draw one of the labels with a probability that is proportional to its P(yes)."""
    if not sum(p_yes):
        return [random.choice(labels)]
    return random.choices(labels, weights=p_yes)
