"""Estimates a mean from many answers of an imperfect judge and a few checked answers.

Angelopoulos, Duchi, Zrnic: PPI++: Efficient Prediction-Powered Inference (2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_CHECKED = 10
"""Checked documents that are needed to correct the judge."""


@dataclass(frozen=True, slots=True)
class JudgedEstimate:
    """A mean with its 95 % interval. ``checked`` documents corrected the judge (0: none)."""

    value: float
    low: float
    high: float
    documents: int
    checked: int


def estimate(judged: NDArray[np.float64], checked: NDArray[np.float64]) -> JudgedEstimate:
    """Return the mean of what is true.

    With ``LEAST_CHECKED`` documents or more, the judge's mean is moved by how much it errs on
    them, and the interval holds that error's uncertainty too: it is right in 95 % of samples
    however bad the judge is; a good judge makes it narrower. With fewer, it is the judge's own
    mean, and the interval holds only which documents were drawn.

    Args:
        judged: float64[n] in [0, 1], by the judge.
        checked: float64[n], by a person; NaN if not checked. The checked ones are a random part.
    """
    known = ~np.isnan(checked)
    if known.sum() < LEAST_CHECKED:
        return _interval(float(judged.mean()), _error(judged), len(judged), len(judged), 0)
    right, judged_too, rest = checked[known], judged[known], judged[~known]
    weight = 0.0
    if len(rest) > 1 and (spread := judged.var(ddof=1)) > 0:
        together = np.cov(right, judged_too, ddof=1)[0, 1]
        weight = float(np.clip(together / ((1 + len(right) / len(rest)) * spread), 0, 1))
    corrected = right - weight * judged_too
    value, error = float(corrected.mean()), _error(corrected)
    if weight:
        value += weight * float(rest.mean())
        error = float(np.hypot(error, weight * _error(rest)))
    return _interval(value, error, len(right), len(judged), len(right))


def _error(values: NDArray[np.float64]) -> float:
    """Return the standard error of a mean."""
    return float(np.sqrt(values.var(ddof=1) / len(values))) if len(values) > 1 else 0.5


def _interval(
    value: float, error: float, observed: int, documents: int, checked: int
) -> JudgedEstimate:
    """Return Wilson's interval for the number of documents that would have this error.

    It stays within [0, 1], and it is not empty even if all documents are right.
    """
    from scipy.stats import t

    value = min(1.0, max(0.0, value))
    spread = value * (1 - value)
    count = spread / error**2 if error and spread else float(observed)
    z2 = float(t.ppf(0.975, max(1, observed - 1))) ** 2
    middle = (value + z2 / (2 * count)) / (1 + z2 / count)
    reach = math.sqrt(z2 * spread / count + (z2 / (2 * count)) ** 2) / (1 + z2 / count)
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return JudgedEstimate(value, low, high, documents, checked)
