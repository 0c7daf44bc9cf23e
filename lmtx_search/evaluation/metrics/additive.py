"""Measures as sums over documents, which intervals and tests recombine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """Measures of a set of documents that are functions of sums over its documents.

    Attributes:
        names: the m measures.
        rows: float64[n, c], the contribution of each document (a NumPy or sparse SciPy array).
        combine: turns the sums of r sets of documents, float64[r, c], into float64[r, m]. NaN marks
            a measure that is not defined for a set.
        documents: int64[m], the documents that each measure is a share over (0: it is no share).
    """

    names: tuple[str, ...]
    rows: Any
    combine: Callable[[Floats], Floats]
    documents: NDArray[np.int64]

    def values(self) -> Floats:
        """Return the measures of all documents, float64[m]."""
        return np.asarray(self.combine(self.totals())[0])

    def totals(self) -> Floats:
        """Return the sums over all documents, float64[1, c]."""
        return np.asarray(self.rows.sum(axis=0), dtype=np.float64).reshape(1, -1)


def ratios(names: Sequence[str], above: Floats, below: Floats) -> Sums:
    """Return measures that divide one sum by another: float64[n, m] by float64[n, m]."""
    width = len(names)
    counted = np.count_nonzero(below, axis=0)
    rows = np.hstack([above, below])
    return Sums(tuple(names), rows, lambda sums: _divided(sums, width), counted)


def means(names: Sequence[str], values: Floats) -> Sums:
    """Return measures that are means over documents: float64[n, m]."""
    return ratios(names, values, np.ones_like(values))


def _divided(sums: Floats, width: int) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.divide(sums[:, :width], sums[:, width:]))
