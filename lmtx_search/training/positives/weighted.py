"""One positive, drawn with a probability in proportion to its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def weighted(labels: Sequence[int], evidence: Sequence[float], random: Random) -> list[int]:
    """Draw one of the labels in proportion to its evidence."""
    if not sum(evidence):
        return [random.choice(labels)]
    return random.choices(labels, weights=evidence)
