"""Measures as sums over documents: what intervals and tests take apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """Measures of a set of documents that follow from what its documents add up to.

    Attributes:
        names: the m measures.
        rows: float64[n, c], what each document adds; an array, or a sparse one of scipy.
        combine: makes float64[r, m] of the sums of r sets of documents, float64[r, c]; NaN where
            a set does not say.
    """

    names: tuple[str, ...]
    rows: Any
    combine: Callable[[Floats], Floats]

    def values(self) -> Floats:
        """Return the measures of all documents, float64[m]."""
        return np.asarray(self.combine(self.totals())[0])

    def totals(self) -> Floats:
        """Return what all documents add up to, float64[1, c]."""
        return np.asarray(self.rows.sum(axis=0), dtype=np.float64).reshape(1, -1)


def ratios(names: Sequence[str], above: Floats, below: Floats) -> Sums:
    """Return measures that are one sum over another: float64[n, m] over float64[n, m]."""
    width = len(names)
    return Sums(tuple(names), np.hstack([above, below]), lambda sums: _divided(sums, width))


def means(names: Sequence[str], values: Floats) -> Sums:
    """Return measures that are means over documents: float64[n, m]."""
    return ratios(names, values, np.ones_like(values))


def _divided(sums: Floats, width: int) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.divide(sums[:, :width], sums[:, width:]))
