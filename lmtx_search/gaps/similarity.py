"""Similarities that do not depend on where the cosines of an encoder lie.

With some encoders, texts that have nothing in common have a cosine of 0, with others one of 0.8
(anisotropy: Ethayarajh, "How contextual are contextualized word representations?", EMNLP 2019).
The similarities here are relative to that cosine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Texts that are compared to find the cosine of unrelated ones.
_SAMPLE = 1000
# With fewer pairs, none of them is certainly unrelated.
_FEW = 10
# The share of pairs that are certainly unrelated, also if there are a few large groups of texts.
_UNRELATED = 0.25
# If even these are as alike as that, all texts are the same.
_ALL = 0.999


def unrelated_cosine(rows: NDArray[np.float32], others: NDArray[np.float32] | None = None) -> float:
    """Return the cosine of texts that have nothing in common: the lower quartile of all pairs.

    It is 0 if there are few pairs, or if all texts are the same.

    Args:
        rows: float32[n, dimension], unit rows.
        others: float32[m, dimension], what they are compared with (None: with each other).
    """
    some = _spread(rows)
    if others is None:
        cosines = (some @ some.T)[np.triu_indices(len(some), 1)]
    else:
        cosines = (some @ _spread(others).T).ravel()
    # A few texts may all be related.
    if len(cosines) < _FEW:
        return 0.0
    found = float(np.quantile(cosines, _UNRELATED))
    return found if found < _ALL else 0.0


def relative(cosine: float, unrelated: float) -> float:
    """Return a similarity: 1 for the same text, 0 for texts that have nothing in common.

    >>> relative(0.9, 0.8), relative(0.8, 0.8)
    (0.5, 0.0)
    """
    return round((cosine - unrelated) / (1 - unrelated), 6)


def cosine_of(similarity: float, unrelated: float) -> float:
    """Return the cosine of a similarity (the inverse of :func:`relative`)."""
    return unrelated + similarity * (1 - unrelated)


def _spread(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return at most as many rows as are compared, at equal distances."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)
    chosen: NDArray[np.float32] = rows[places]
    return chosen
