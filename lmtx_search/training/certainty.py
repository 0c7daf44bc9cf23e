"""What a measure on a few documents can tell: its interval, and whether a change is by chance."""

from __future__ import annotations

import math
from statistics import NormalDist

CONFIDENCE = 0.95


def share_interval(share: float, documents: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of independent documents (Wilson 1927).

    >>> low, high = share_interval(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    z2 = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) ** 2
    middle = (share + z2 / (2 * documents)) / (1 + z2 / documents)
    reach = math.sqrt(z2 * share * (1 - share) / documents + (z2 / (2 * documents)) ** 2)
    reach /= 1 + z2 / documents
    return max(0.0, middle - reach), min(1.0, middle + reach)


def difference_interval(better: int, worse: int, documents: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares of the same documents.

    Both shares are measured on each document, so only changes count (Bonett and Price, "Adjusted
    Wald confidence interval for a difference of binomial proportions based on paired data", 2012).

    Args:
        better, worse: number of documents that only the first share counts, and only the second.

    >>> low, high = difference_interval(10, 10, 100)
    >>> round(low, 3), round(high, 3)
    (-0.09, 0.09)
    """
    gained, lost = (better + 1) / (documents + 2), (worse + 1) / (documents + 2)
    difference = gained - lost
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    reach = z * math.sqrt((gained + lost - difference**2) / (documents + 2))
    return max(-1.0, difference - reach), min(1.0, difference + reach)


def constant_difference_interval(difference: float, documents: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean difference that is the same for each of the documents.

    As :func:`difference_interval`, which it equals for a difference of -1, 0 or 1: two documents
    are added, one with the difference 1 and one with -1.

    >>> constant_difference_interval(0, 98) == difference_interval(0, 0, 98)
    True
    """
    count = documents + 2
    mean = documents * difference / count
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    reach = z * math.sqrt(((documents * difference**2 + 2) / count - mean**2) / count)
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def chance_of_change(better: int, worse: int) -> float:
    """Return the two-sided p of the sign test: the chance of such a change if there is none.

    Args:
        better, worse: number of documents with a change for the better, and for the worse.

    >>> chance_of_change(0, 0), chance_of_change(9, 1)
    (1.0, 0.021484375)
    """
    changed = better + worse
    at_least = sum(math.comb(changed, k) for k in range(max(better, worse), changed + 1))
    return min(1.0, 2 * at_least / (1 << changed))
