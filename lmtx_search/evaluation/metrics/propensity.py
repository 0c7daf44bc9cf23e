"""Propensity-scored precision: rare labels, which annotators often miss, count more.

Jain, Prabhu, Varma: Extreme Multi-label Loss Functions for Recommendation, Tagging, Ranking and
Other Missing Label Applications (KDD 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from lmtx_search.evaluation.metrics.additive import Sums, ratios
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies

CUTOFFS = (1, 3, 5)

Weight = Callable[[str], float]
"""The inverse propensity of a label."""


def inverse_propensity(frequencies: Frequencies, a: float = 0.55, b: float = 1.5) -> Weight:
    """Return 1 / p of labels, with p = 1 / (1 + C (n + b)^-a) and C = (ln N - 1) (b + 1)^a.

    n is the label's count and N the number of documents. With fewer than three documents C would
    be negative, so all labels weigh 1.
    """
    c = max(0.0, math.log(max(1, frequencies.documents)) - 1) * (b + 1) ** a
    return lambda label: float(1 + c * (frequencies.counts.get(label, 0) + b) ** -a)


def psp(
    rankings: Mapping[str, Sequence[str]],
    gold: Mapping[str, AbstractSet[str]],
    documents: Sequence[str],
    weight: Weight,
) -> Sums:
    """Return PSP@k: the weight of right labels among the first k, divided by the possible weight.

    Both are summed over all documents before the division, as in the repository's own script.
    """
    shape = len(documents), len(CUTOFFS)
    found, possible = np.zeros(shape), np.zeros(shape)
    for row, document in enumerate(documents):
        right = gold[document]
        ranking = rankings.get(document, ())[: max(CUTOFFS)]
        gained = [weight(label) if label in right else 0.0 for label in ranking]
        best = sorted(map(weight, right), reverse=True)
        for column, k in enumerate(CUTOFFS):
            found[row, column] = sum(gained[:k]) / k
            possible[row, column] = sum(best[:k]) / k
    return ratios([f"PSP@{k}" for k in CUTOFFS], found, possible)
