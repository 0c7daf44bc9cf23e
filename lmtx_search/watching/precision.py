"""The precision of a sample of tags, its interval, and whether it fell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lmtx_search.training.certainty import share_interval

RESAMPLES = 2000
_SEED = 0
# Drawn documents that are in memory at a time.
_CELLS = 1_000_000

Verdicts = Sequence[tuple[str, float]]
"""The judged tags of a document: label id and P(yes)."""


@dataclass(frozen=True, slots=True)
class Precision:
    """The share of judged tags that are right, with its 95 % interval."""

    value: float
    low: float
    high: float
    documents: int
    tags: int


@dataclass(frozen=True, slots=True)
class Culprit:
    """A label whose wrong tags are a larger share of all tags than before, by id or text."""

    label: str
    wrong: int
    tags: int
    wrong_before: int
    tags_before: int


def precision(documents: Sequence[Verdicts], yes_from: float) -> Precision | None:
    """Return the precision of the tags of documents (None: there are no tags).

    The interval is a percentile bootstrap over documents, because tags of one document are not
    independent. If all tags are right, or all are wrong, every resample is the same. The interval
    therefore contains Wilson's interval of as many independent tags as there are documents. For a
    single document it is [0, 1].
    """
    rows = np.array(
        [[sum(p >= yes_from for _, p in tags), len(tags)] for tags in documents if tags],
        dtype=np.float64,
    ).reshape(-1, 2)
    if not len(rows):
        return None
    right, tags = rows.sum(axis=0)
    value = float(right / tags)
    low, high = _interval(rows, value)
    return Precision(value, low, high, len(rows), int(tags))


def fell(now: Precision, earlier: Precision) -> bool:
    """Tell whether the precision fell by more than chance explains.

    The 95 % interval of the difference is combined from those of the two precisions (MOVER; Zou and
    Donner 2008). The precision fell if this interval lies below 0.
    """
    high = now.value - earlier.value
    high += sqrt((now.high - now.value) ** 2 + (earlier.value - earlier.low) ** 2)
    return high < 0


def culprits(
    now: Sequence[Verdicts], earlier: Sequence[Verdicts], yes_from: float, most: int = 5
) -> list[Culprit]:
    """Return the labels that explain the fall, the one with the largest part first."""
    wrong, tags = _by_label(now, yes_from)
    wrong_before, tags_before = _by_label(earlier, yes_from)
    all_now, all_before = max(1, tags.total()), max(1, tags_before.total())

    def part(label: str) -> float:
        return wrong[label] / all_now - wrong_before[label] / all_before

    worst = sorted(wrong, key=lambda label: (-part(label), label))
    return [
        Culprit(label, wrong[label], tags[label], wrong_before[label], tags_before[label])
        for label in worst[:most]
        if part(label) > 0
    ]


def _by_label(documents: Sequence[Verdicts], yes_from: float) -> tuple[Counter[str], Counter[str]]:
    wrong: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    for verdicts in documents:
        for label, p_yes in verdicts:
            tags[label] += 1
            wrong[label] += p_yes < yes_from
    return wrong, tags


def _interval(rows: NDArray[np.float64], value: float) -> tuple[float, float]:
    if len(rows) < 2:
        return 0.0, 1.0
    random = np.random.default_rng(_SEED)
    step = max(1, _CELLS // len(rows))
    sums = np.concatenate(
        [
            rows[random.integers(0, len(rows), (min(step, RESAMPLES - start), len(rows)))].sum(1)
            for start in range(0, RESAMPLES, step)
        ]
    )
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    lowest, highest = share_interval(value, len(rows))
    return min(float(low), lowest), max(float(high), highest)
