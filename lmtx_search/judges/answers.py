"""Reads P(yes) from the first token of an answer."""

from __future__ import annotations

import math
from collections.abc import Iterable

# If yes and no together have less probability than this, the answer is neither.
LEAST_MASS = 0.05


def p_yes(candidates: Iterable[tuple[str, float]], least_mass: float = LEAST_MASS) -> float | None:
    """Return yes / (yes + no) over the candidates of the first token, in any case and spacing.

    Args:
        candidates: (token, natural log-probability).
        least_mass: the least probability of yes and no together.

    Returns:
        P(yes) in [0, 1], or None if the answer is neither yes nor no.
    """
    mass = {"yes": 0.0, "no": 0.0}
    for token, log_probability in candidates:
        word = token.strip().strip(".,!*\"'").lower()
        if word in mass:
            mass[word] += math.exp(log_probability)
    total = mass["yes"] + mass["no"]
    if total <= 0 or total < least_mass:
        return None
    return mass["yes"] / total


def p_yes_of_text(text: str) -> float | None:
    """Return 1 or 0 for an answer in words (None: neither yes nor no)."""
    words = text.strip().lower().split()
    first = words[0].strip(".,!*\"'") if words else ""
    return {"yes": 1.0, "no": 0.0}.get(first)
