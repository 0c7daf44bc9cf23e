"""Compares two systems over several seeds, on the same documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmtx_search.evaluation.metrics.additive import Floats
from lmtx_search.evaluation.metrics.bootstrap import CONFIDENCE, chunks


@dataclass(frozen=True, slots=True)
class Differences:
    """The mean differences of m measures with their 95 % confidence intervals, float64[m] each."""

    value: Floats
    low: Floats
    high: Floats


def difference_over_seeds(first: Floats, second: Floats, seed: int = 0) -> Differences:
    """Return ``first`` minus ``second``, with paired intervals over documents and seeds.

    Each resample draws documents, the same for both systems and all seeds, and seeds, because a
    training with other documents or in another order gives another result. With one seed the
    interval is over documents only. Three seeds say little about their spread, so that the
    interval is rather too narrow than too wide.

    Args:
        first: float64[seeds, n, m], m measures of n documents.
        second: as ``first``. A system that no seed changes repeats its values.
        seed: of the bootstrap.
    """
    differences = first - second
    seeds, documents, measures = differences.shape
    random = np.random.default_rng(seed)
    drawn: list[Floats] = []
    for size in chunks(documents, measures):
        rows = random.integers(0, documents, (size, documents))
        rows += np.arange(size)[:, None] * documents
        times = np.bincount(rows.ravel(), minlength=size * documents).reshape(size, documents)
        means = times @ differences / documents
        weights = random.multinomial(seeds, np.full(seeds, 1 / seeds), size) / seeds
        drawn.append(np.einsum("srm,rs->rm", means, weights))
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = np.quantile(np.concatenate(drawn), tails, axis=0)
    return Differences(differences.mean(axis=(0, 1)), low, high)
