"""Confidence intervals of measures by bootstrap over documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lmtx_search.evaluation.metrics.additive import Floats, Sums
from lmtx_search.training.certainty import share_interval

RESAMPLES = 2000
CONFIDENCE = 0.95
# Bounds that differ only by rounding are equal.
_ROUNDING = 1e-9
# Numbers that are in memory at a time.
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def bootstrap(sums: Sums, seed: int = 0) -> Floats:
    """Return the measures of 2,000 resamples of the documents, float64[2000, m].

    The same seed and number of documents give the same resamples, so the results of two systems can
    be subtracted row by row.
    """
    count, width = sums.rows.shape
    random = np.random.default_rng(seed)
    parts = []
    for size in chunks(count, width):
        drawn = random.integers(0, count, (size, count))
        drawn += np.arange(size)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        parts.append(sums.combine(times.astype(np.float64) @ sums.rows))
    return np.concatenate(parts)


def interval(values: Floats, resamples: Floats) -> tuple[Floats, Floats]:
    """Return the bounds of the bias-corrected percentile intervals (Efron 1981), float64[m] each.

    The correction hardly changes means. F1 of rare labels, however, is lower in most resamples than
    in the documents themselves, and without a correction its interval may not contain the value.

    Args:
        values: float64[m]; NaN has no interval.
        resamples: float64[2000, m]; a resample in which a measure is not defined (for example
            because it has no label of the tail) does not count.
    """
    from scipy.special import ndtr, ndtri

    bounds = np.full((2, len(values)), np.nan)
    tails = ndtri([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    for column in np.flatnonzero(~np.isnan(values)):
        found = resamples[:, column]
        found = found[~np.isnan(found)]
        below = (found < values[column]).mean() + (found == values[column]).mean() / 2
        bias = ndtri(np.clip(below, 1 / RESAMPLES, 1 - 1 / RESAMPLES))
        bounds[:, column] = np.quantile(found, ndtr(2 * bias + tails))
    return bounds[0], bounds[1]


def share_intervals(sums: Sums, values: Floats, resamples: Floats) -> tuple[Floats, Floats]:
    """Return the bounds of the intervals of measures, float64[m] each.

    If all documents have the same value, so has every resample, and few documents would seem to
    leave no doubt. The interval of a share is then Wilson's, of as many documents.
    """
    low, high = interval(values, resamples)
    for column in without_width(low, high):
        if documents := int(sums.documents[column]):
            low[column], high[column] = share_interval(float(values[column]), documents)
    return low, high


def without_width(low: Floats, high: Floats) -> list[int]:
    """Return the measures whose interval is a point."""
    return [int(column) for column in np.flatnonzero(high - low < _ROUNDING)]


def chunks(count: int, width: int) -> Iterator[int]:
    """Yield chunk sizes that add up to 2,000 and fit into memory with n or c numbers each."""
    step = max(1, _CELLS // max(count, width))
    for start in range(0, RESAMPLES, step):
        yield min(step, RESAMPLES - start)
