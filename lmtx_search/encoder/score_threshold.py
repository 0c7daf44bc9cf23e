"""Chooses the score from which a label is a tag, without gold tags.

The best label of a document has a score that hardly depends on how many labels the document has.
The threshold is therefore taken from these best scores: it is so far below their mean that a few of
a hundred documents have no tag. The judge's answers do not move it, because small judges say yes
far too often or far too seldom. docs/quality.md compares the rule with the best threshold by gold
tags.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

DEFAULT_THRESHOLD = 0.3
"""The least score of a tag if there are no documents to choose it on."""

ENOUGH_DOCUMENTS = 40
"""With fewer documents the threshold is uncertain enough to say so."""

# How far the threshold is below the mean of the best scores, in standard deviations. Between 1.4
# and 1.6, micro F1 hardly changes.
_BELOW = 1.5
_LEAST_DOCUMENTS = 2
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """A threshold, and how certain it is.

    Attributes:
        value: the least score of a tag.
        interval: the 95 % interval of the value, for best scores with a normal distribution (None:
            the value is the default).
        documents: number of documents that it was chosen on.
    """

    value: float
    interval: tuple[float, float] | None
    documents: int

    @property
    def rule(self) -> str:
        """How the value was chosen, in words."""
        if self.interval is None:
            return "default: there were no documents to choose it on"
        return (
            f"{_BELOW:g} standard deviations below the mean of the best scores of "
            f"{self.documents} documents"
        )


def choose_threshold(best: Sequence[float]) -> ChosenThreshold:
    """Return the threshold for documents with these best scores.

    The mean and the standard deviation are used and not a quantile, because with a few dozen
    documents a low quantile depends on two or three of them.

    Args:
        best: the score of the best label of each document, as the tagger scores it. The encoder
            must not have been trained on these documents.

    >>> chosen = choose_threshold([0.5, 0.6, 0.7])
    >>> round(chosen.value, 2), chosen.documents
    (0.45, 3)
    """
    count = len(best)
    if count < _LEAST_DOCUMENTS:
        return ChosenThreshold(DEFAULT_THRESHOLD, None, count)
    mean, deviation = float(np.mean(best)), float(np.std(best, ddof=1))
    value = mean - _BELOW * deviation
    # Variances of the mean and of the standard deviation of a normal sample.
    error = deviation * math.sqrt(1 / count + _BELOW**2 / (2 * (count - 1)))
    reach = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) * error
    low, high = max(0.0, value - reach), value + reach
    return ChosenThreshold(
        round(max(0.0, value), 4), (round(max(0.0, low), 4), round(high, 4)), count
    )
