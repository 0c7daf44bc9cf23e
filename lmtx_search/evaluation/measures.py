"""P@1, P@5 and R@10 with confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import MissingExtra

MEASURES = ("P@1", "P@5", "R@10")
DEPTH = 10
"""Labels of a ranking that the measures look at."""

_RESAMPLES = 2000
_CONFIDENCE = 0.95
# Indices in memory at a time.
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over documents, and the interval that holds it with 95 % confidence."""

    value: float
    low: float
    high: float


def require_measures() -> None:
    """See that the measures can be computed, before an hour is spent on rankings.

    Raises:
        MissingExtra: they are not installed.
    """
    if find_spec("ir_measures") is None:
        raise MissingExtra("evaluation", "Measuring")


def measure(
    rankings: Mapping[str, Sequence[str]], gold: Mapping[str, AbstractSet[str]], seed: int = 0
) -> dict[str, Estimate]:
    """Measure rankings against gold tags.

    Args:
        rankings: label ids by document id, best first. A document of ``gold`` that has no ranking
            counts as one for which nothing was found; P@5 divides by five also where fewer labels
            were ranked, R@10 by all of a document's gold tags.
        gold: right label ids by document id; only these documents count.
        seed: of the bootstrap.

    Returns:
        For each of :data:`MEASURES` the mean with its bootstrap interval.
    """
    values = per_document(rankings, gold)
    return {
        name: bootstrap(np.array([values[name][document] for document in sorted(gold)]), seed)
        for name in MEASURES
    }


def per_document(
    rankings: Mapping[str, Sequence[str]], gold: Mapping[str, AbstractSet[str]]
) -> dict[str, dict[str, float]]:
    """Return every measure of every document of ``gold``."""
    require_measures()
    import ir_measures

    qrels = {document: dict.fromkeys(labels, 1) for document, labels in gold.items()}
    # Ranks become scores, so that equal scores of a system cannot be ordered in another way.
    run = {
        document: {label: -float(rank) for rank, label in enumerate(rankings.get(document, ()))}
        for document in gold
    }
    measures = [ir_measures.parse_measure(name) for name in MEASURES]
    values = {name: dict.fromkeys(gold, 0.0) for name in MEASURES}
    for found in ir_measures.iter_calc(measures, qrels, run):
        values[str(found.measure)][found.query_id] = float(found.value)
    return values


def bootstrap(values: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Return the mean of float64[n] with its percentile bootstrap interval (2,000 resamples)."""
    random = np.random.default_rng(seed)
    count = len(values)
    step = max(1, _CELLS // count)
    means = np.concatenate(
        [
            values[random.integers(0, count, (min(step, _RESAMPLES - start), count))].mean(axis=1)
            for start in range(0, _RESAMPLES, step)
        ]
    )
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(values.mean()), float(low), float(high))
