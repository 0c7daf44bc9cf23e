"""Chooses the scores from which labels are tags, without gold tags.

The best label of a document has a score that hardly depends on how many labels the document has.
The general threshold is therefore taken from these best scores: it is so far below their mean that
a few of a hundred documents have no tag. The judge's answers do not move it, because small judges
say yes far too often or far too seldom.

A label that many documents name is a frequent one, and the same score makes it more likely right
than a label that no document names. Its threshold is lower: without that, broad labels are
assigned to few of their documents. docs/quality.md compares both rules with the best threshold by
gold tags.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

DEFAULT_THRESHOLD = 0.3
"""The least score of a tag if there are no documents to choose it on."""

ENOUGH_DOCUMENTS = 40
"""With fewer documents the threshold is uncertain enough to say so."""

RANKED = 10
"""Labels of a document that are enough to choose it."""

# How far the threshold is below the mean of the best scores, in standard deviations. Between 1.4
# and 1.6, micro F1 hardly changes.
_BELOW = 1.5
# By how much a label's threshold is lower for each e-fold of the documents that name it, in
# standard deviations of the best scores. From 0.05 to 0.2, micro F1 rises on all collections.
_LOWER = 0.15
# A name that a larger share of the documents has is made of common words ("European Commission" in
# acts of the European Union) and says nothing.
_COMMON = 0.1
_LEAST_DOCUMENTS = 2
_CONFIDENCE = 0.95
# A little less than half, so that at least half of the labels are in the upper part.
_LEFT_OUT = 0.45
# With a smaller one, all best scores are equal but for rounding.
_LEAST_DEVIATION = 1e-4


@dataclass(frozen=True, slots=True)
class ScoreSpread:
    """How the scores of documents lie around the threshold.

    Attributes:
        deviation: the standard deviation of the best scores.
        tags: mean number of labels of a document at or above their thresholds, at most 10.
        upper: how far above the threshold the upper half of these labels begins, in deviations.
    """

    deviation: float
    tags: float
    upper: float


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """A threshold, and how certain it is.

    Attributes:
        value: the least score of a tag.
        interval: the 95 % interval of the value, for best scores with a normal distribution (None:
            the value is the default).
        documents: number of documents that it was chosen on.
        spread: of their scores (None: the value is the default).
        lowered: by how much the threshold of a label is lower than the value, by id.
    """

    value: float
    interval: tuple[float, float] | None
    documents: int
    lowered: Mapping[str, float] = field(default_factory=dict)
    spread: ScoreSpread | None = None

    @property
    def rule(self) -> str:
        """How the value was chosen, in words."""
        if self.interval is None:
            return "default: there were no documents to choose it on"
        return (
            f"{_BELOW:g} standard deviations below the mean of the best scores of "
            f"{self.documents} documents"
        )


def choose_threshold(
    rankings: Sequence[Sequence[tuple[str, float]]], named: Mapping[str, int] | None = None
) -> ChosenThreshold:
    """Return the threshold for documents with these rankings.

    The mean and the standard deviation are used and not a quantile, because with a few dozen
    documents a low quantile depends on two or three of them.

    Args:
        rankings: the best labels of each document with their scores, as the tagger scores them. The
            encoder must not have been trained on these documents.
        named: number of documents that name a label, by id (:func:`informative`).

    >>> chosen = choose_threshold([[("a", 0.5)], [("b", 0.6)], [("b", 0.7)]])
    >>> round(chosen.value, 2), chosen.documents
    (0.45, 3)
    """
    rankings = [ranking for ranking in rankings if ranking]
    count = len(rankings)
    if count < _LEAST_DOCUMENTS:
        return ChosenThreshold(DEFAULT_THRESHOLD, None, count)
    spread = float(np.std([ranking[0][1] for ranking in rankings], ddof=1))
    lowered = {
        label: round(_LOWER * spread * math.log1p(documents), 4)
        for label, documents in (named or {}).items()
    }
    best = [max(score + lowered.get(label, 0.0) for label, score in one) for one in rankings]
    deviation = float(np.std(best, ddof=1))
    value = float(np.mean(best)) - _BELOW * deviation
    # Variances of the mean and of the standard deviation of a normal sample.
    error = deviation * math.sqrt(1 / count + _BELOW**2 / (2 * (count - 1)))
    reach = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) * error
    low, high = max(0.0, value - reach), max(0.0, value + reach)
    return ChosenThreshold(
        round(max(0.0, value), 4),
        (round(low, 4), round(high, 4)),
        count,
        lowered,
        _score_spread(rankings, value, deviation, lowered),
    )


def _score_spread(
    rankings: Sequence[Sequence[tuple[str, float]]],
    value: float,
    deviation: float,
    lowered: Mapping[str, float],
) -> ScoreSpread | None:
    above = [
        score + lowered.get(label, 0.0) - value
        for ranking in rankings
        for label, score in ranking
        if score + lowered.get(label, 0.0) >= value
    ]
    if deviation < _LEAST_DEVIATION or not above:
        return None
    upper = float(np.quantile(above, _LEFT_OUT)) / deviation
    return ScoreSpread(round(deviation, 6), round(len(above) / len(rankings), 4), round(upper, 4))


def informative(named: Mapping[str, int], documents: int) -> dict[str, int]:
    """Return the counts of labels whose names tell how frequent the labels are.

    Args:
        named: number of documents that name a label, by id.
        documents: number of documents that were read.

    >>> informative({"chess": 3, "rare": 0, "text": 40}, 100)
    {'chess': 3}
    """
    return {label: count for label, count in named.items() if 0 < count <= _COMMON * documents}
