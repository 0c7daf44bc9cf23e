"""One random positive each time a document is seen, as the authors of LMTX do it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def one_random(labels: Sequence[int], evidence: Sequence[float], random: Random) -> list[int]:
    """Draw one of the labels with equal probability."""
    return [random.choice(labels)]
