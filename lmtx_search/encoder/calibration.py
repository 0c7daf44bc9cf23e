"""The P(yes) of a judge that a cosine score corresponds to.

Platt scaling (Platt 1999) on the judge's own probabilities, with an offset for labels that were
judged often: an empirical-Bayes estimate, which shrinks to none as the answers get fewer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LEAST_PAIRS = 30
"""Judged pairs below which nothing can be said."""

LEAST_OF_LABEL = 8
"""Judged pairs of a label below which it has no offset of its own."""

# Standard deviation of the labels' offsets, in log-odds, that is taken for granted.
_SPREAD = 0.5
_RIDGE = 1e-2
_STEPS = 50
_ENOUGH = 1e-9

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """P(yes) = 1 / (1 + exp(−(slope · cosine + intercept + the label's offset))).

    ``offsets`` are by label id; ``pairs`` is how many judged pairs it was made from.
    """

    slope: float
    intercept: float
    pairs: int
    offsets: Mapping[str, float] = field(default_factory=dict)

    def probability(self, label: str, score: float) -> float:
        """Return the P(yes) that a label's cosine score corresponds to."""
        return _sigmoid(self.slope * score + self.intercept + self.offsets.get(label, 0.0))


def fit_calibration(pairs: Sequence[tuple[str, float, float]]) -> Calibration | None:
    """Fit to judged pairs: (label id, cosine, P(yes)).

    Returns:
        None where there are too few, or P(yes) does not rise with the score: then a score says
        nothing that could be calibrated.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    scores = np.array([score for _, score, _ in pairs])
    p_yes = np.array([p for _, _, p in pairs])
    spread = float(scores.std())
    if spread < _ENOUGH:
        return None
    middle = float(scores.mean())
    steep, height = _logistic((scores - middle) / spread, p_yes)
    if steep <= 0:
        return None
    slope = steep / spread
    intercept = height - slope * middle
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, (label, _, _) in enumerate(pairs):
        rows[label].append(row)
    fixed = slope * scores + intercept
    offsets = {
        label: round(_offset(fixed[own], p_yes[own]), 4)
        for label, own in rows.items()
        if len(own) >= LEAST_OF_LABEL
    }
    return Calibration(round(slope, 4), round(intercept, 4), len(pairs), offsets)


def _logistic(scores: Vector, p_yes: Vector) -> tuple[float, float]:
    """Newton's method for the slope and height of a logistic curve; the slope slightly shrunk."""
    inputs = np.column_stack([scores, np.ones_like(scores)])
    penalty = np.array([_RIDGE, 0.0])
    weights = np.zeros(2)
    for _ in range(_STEPS):
        given = 1 / (1 + np.exp(-(inputs @ weights)))
        gradient = inputs.T @ (given - p_yes) + penalty * weights
        curvature = (inputs.T * (given * (1 - given))) @ inputs + np.diag(penalty + _ENOUGH)
        step = np.linalg.solve(curvature, gradient)
        weights -= np.clip(step, -1, 1)
        if np.abs(step).max() < _ENOUGH:
            break
    return float(weights[0]), float(weights[1])


def _offset(fixed: Vector, p_yes: Vector) -> float:
    """Newton's method for a label's offset, under a normal prior about none."""
    offset, precision = 0.0, 1 / _SPREAD**2
    for _ in range(_STEPS):
        given = 1 / (1 + np.exp(-(fixed + offset)))
        gradient = float((given - p_yes).sum()) + precision * offset
        step = gradient / (float((given * (1 - given)).sum()) + precision)
        offset -= min(1.0, max(-1.0, step))
        if abs(step) < _ENOUGH:
            break
    return offset


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    power = math.exp(value)
    return power / (1 + power)
