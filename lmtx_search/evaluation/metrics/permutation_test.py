"""Tests whether one system is better than another on the same documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.evaluation.metrics.additive import Floats, Sums
from lmtx_search.evaluation.metrics.bootstrap import RESAMPLES, chunks, interval, without_width
from lmtx_search.evaluation.metrics.measure import Measured
from lmtx_search.training.certainty import constant_difference_interval

# Results that differ only by rounding count as equally extreme.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """One system's measure minus another's.

    ``low`` and ``high`` bound its 95 % confidence interval (paired bootstrap over documents; if all
    documents have the same difference, an adjusted Wald interval of paired data). ``p`` is that of
    a two-sided permutation test: how often a difference is at least as large if the two results of
    each document are swapped at random.
    """

    value: float
    low: float
    high: float
    p: float


def compare(first: Measured, second: Measured, seed: int = 0) -> dict[str, Difference]:
    """Return ``first`` minus ``second`` for each measure that both have.

    Raises:
        UserError: the results are on different documents.
    """
    if first.documents != second.documents:
        differ = len(set(first.documents) ^ set(second.documents))
        raise UserError(
            f"results on different documents cannot be compared ({differ:,} are in one only): "
            "measure both on the same documents"
        )
    found: dict[str, Difference] = {}
    for name, one in first.parts.items():
        if name not in second.parts:
            continue
        other = second.parts[name]
        values = one.values - other.values
        low, high = interval(values, one.resamples - other.resamples)
        for column in without_width(low, high):
            if count := int(one.sums.documents[column]):
                bounds = constant_difference_interval(float(values[column]), count)
                low[column], high[column] = bounds
        p = permutation_p(one.sums, other.sums, seed)
        found |= {
            measure: Difference(*map(float, row))
            for measure, *row in zip(one.sums.names, values, low, high, p, strict=True)
            if not np.isnan(row[0])
        }
    return found


def permutation_p(first: Sums, second: Sums, seed: int = 0) -> Floats:
    """Return the two-sided p of each measure, float64[m], from 2,000 permutations.

    The smallest possible p is 1 / 2,001, because the observed difference counts as a permutation.
    """
    observed = np.abs(first.values() - second.values())
    swap = second.rows - first.rows
    random = np.random.default_rng(seed)
    extreme = np.zeros(len(first.names))
    for size in chunks(*first.rows.shape):
        moved = random.integers(0, 2, (size, swap.shape[0])).astype(np.float64) @ swap
        differences = np.abs(
            first.combine(first.totals() + moved) - first.combine(second.totals() - moved)
        )
        extreme += (differences >= observed - _ROUNDING).sum(axis=0)
    return np.asarray((extreme + 1) / (RESAMPLES + 1))
