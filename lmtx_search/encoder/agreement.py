"""Whether two ways to compute an encoder give the same embeddings, by texts that differ much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TEXTS = ("a", "A text editor for the console.", "Bibliothek für Zahlen, 数学 " * 12)
TOKENS = 64
"""What the texts are cut at: they fill windows of this length, and one is short."""


def least_cosine(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the least cosine between the embeddings of a text: float32[texts, dimension] each."""
    return float(np.min(np.sum(found * expected, axis=1)))
