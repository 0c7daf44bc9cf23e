"""Calibration: the P(yes) of a judge that a score corresponds to.

Platt scaling (Platt 1999) on the judge's own probabilities, with offsets for labels that were
judged often. The offsets are empirical-Bayes estimates, which shrink to 0 with fewer answers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LEAST_PAIRS = 30
"""Judged pairs that a calibration needs."""

LEAST_OF_LABEL = 8
"""Judged pairs that a label needs for an offset of its own."""

LEAST_SLOPE = 6.0
"""Log-odds that one unit of score is worth at least. A judge that answers at random has none."""

LARGEST = 0.05
"""Answers move no threshold further, and those of a judge no score.

What is larger is mostly a judge's prejudice about a label. The score of a label and its threshold
may both be moved, and these distances add up.
"""

# Assumed standard deviation of the offsets of labels, in log-odds.
_SPREAD = 0.5
_RIDGE = 1e-2
_STEPS = 50
_ENOUGH = 1e-9

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """P(yes) = 1 / (1 + exp(−(slope · score + intercept + the label's offset))).

    ``offsets`` are by label id. ``pairs`` is the number of judged pairs that it was fitted to.
    """

    slope: float
    intercept: float
    pairs: int
    offsets: Mapping[str, float] = field(default_factory=dict)

    def probability(self, label: str, score: float) -> float:
        """Return the P(yes) that a label's score corresponds to."""
        return _sigmoid(self.slope * score + self.intercept + self.offsets.get(label, 0.0))

    def shift(self, label: str) -> float:
        """Return how much less score a label needs than others, at most :data:`LARGEST`.

        The scores already contain the offsets of labels, so that both add up.
        """
        shift = self.offsets.get(label, 0.0) / max(self.slope, LEAST_SLOPE)
        return max(-LARGEST, min(LARGEST, shift))


def fit_calibration(pairs: Sequence[tuple[str, float, float]]) -> Calibration | None:
    """Fit a calibration to judged pairs: (label id, score, P(yes)).

    Returns:
        None if there are too few pairs, or if P(yes) does not rise with the score.
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
    """Fit slope and height of a logistic curve by Newton's method; the slope is slightly shrunk."""
    inputs = np.column_stack([scores, np.ones_like(scores)])
    penalty = np.array([_RIDGE, 0.0])
    weights = np.zeros(2)
    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-(inputs @ weights)))
        gradient = inputs.T @ (predicted - p_yes) + penalty * weights
        curvature = (inputs.T * (predicted * (1 - predicted))) @ inputs + np.diag(penalty + _ENOUGH)
        step = np.linalg.solve(curvature, gradient)
        weights -= np.clip(step, -1, 1)
        if np.abs(step).max() < _ENOUGH:
            break
    return float(weights[0]), float(weights[1])


def _offset(fixed: Vector, p_yes: Vector) -> float:
    """Return the offset of a label by Newton's method, with a normal prior around 0."""
    offset, precision = 0.0, 1 / _SPREAD**2
    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-(fixed + offset)))
        gradient = float((predicted - p_yes).sum()) + precision * offset
        step = gradient / (float((predicted * (1 - predicted)).sum()) + precision)
        offset -= min(1.0, max(-1.0, step))
        if abs(step) < _ENOUGH:
            break
    return offset


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    power = math.exp(value)
    return power / (1 + power)
