"""One pseudo-positive at random each time a document is seen, as LMTX's authors do."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def one_random(labels: Sequence[int], p_yes: Sequence[float], random: Random) -> list[int]:
    """Draw one of the labels, each as likely."""
    return [random.choice(labels)]
