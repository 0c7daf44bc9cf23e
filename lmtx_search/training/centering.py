"""Labels that are near every document (hubs), and shortlists that are not filled with them.

A collection often speaks of one thing throughout: every act of the EU is about directives. Labels
that say just that are then near all documents, and keep the right ones out of the shortlists.
Subtracting the mean document from a document before the label index is searched takes from each
label's score what it has with every document (Suzuki et al., "Centering similarity measures to
reduce hubs", EMNLP 2013). Where there are no hubs a label that many documents are near to is likely
right for them, so how far centering goes follows from how skewed the labels' occurrences are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document
from lmtx_search.training.shortlist import Encoder, Search, Shortlister

SAMPLE = 400
"""Documents that the mean and the skewness are taken from."""
_NEIGHBOURS = 10
_CHUNK = 64
# Below the first there are no hubs worth mentioning; from the second on centering is complete.
_SKEWNESS = (2.5, 6.0)


@dataclass(frozen=True)
class Center:
    """What is subtracted from documents: float32[dimension], the mean of all times ``weight``."""

    vector: NDArray[np.float32]
    weight: float
    skewness: float

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[n, dimension], centered and L2-normalised again."""
        if not self.weight:
            return vectors
        moved = vectors - self.vector
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        centered: NDArray[np.float32] = moved / np.maximum(norms, 1e-9)
        return centered


def open_shortlister(
    encoder: Encoder,
    search: Search,
    size: int,
    *,
    documents: Sequence[Document],
    labels: int,
    centered: bool = True,
    progress: Progress = SILENT,
) -> Shortlister:
    """Return what makes shortlists of ``size`` labels, without hubs where there are some.

    Args:
        documents: training documents in a random order; the mean is taken from the first of them,
            and these are not embedded a second time.
        labels: how many labels the set has.
        centered: False leaves all documents as they are.
    """
    if not centered:
        return Shortlister(encoder, search, size)
    sample = documents[:SAMPLE]
    parts = []
    with progress.stage(
        "Look for labels that are near all documents", len(sample), "texts"
    ) as tell:
        for start in range(0, len(sample), _CHUNK):
            parts.append(encoder.encode([x.text for x in sample[start : start + _CHUNK]]))
            tell(len(parts[-1]))
    vectors = np.concatenate(parts)
    center = find_center(vectors, search, labels)
    known = {document.id: vector for document, vector in zip(sample, vectors, strict=True)}
    return Shortlister(encoder, search, size, center, known)


def find_center(vectors: NDArray[np.float32], search: Search, labels: int) -> Center:
    """Return the center of documents, its weight by the skewness of label occurrences.

    Args:
        vectors: float32[n, dimension], documents. labels: how many labels the set has.
    """
    counts = Counter(
        label for ranking in search(vectors, min(_NEIGHBOURS, labels)) for label, _ in ranking
    )
    skewness = occurrence_skewness(list(counts.values()), labels)
    low, high = _SKEWNESS
    weight = float(np.clip((skewness - low) / (high - low), 0.0, 1.0))
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Center(weight * mean, weight, skewness)


def occurrence_skewness(counts: Sequence[int], labels: int) -> float:
    """Return the skewness of how often labels are among the nearest, beyond that of chance.

    This is the usual measure of hubness (Radovanović et al., JMLR 2010). Labels drawn at random
    have a skewness of their own (Poisson), high where there are many labels for few documents: it
    is subtracted.

    Args:
        counts: occurrences of the labels that occur. labels: of the whole set.

    >>> round(occurrence_skewness([5, 5, 5, 5], 4), 2)
    0.0
    """
    occurrences = np.zeros(labels)
    occurrences[: len(counts)] = counts
    mean, spread = occurrences.mean(), occurrences.std()
    if not spread:
        return 0.0
    skewness = ((occurrences - mean) ** 3).mean() / spread**3
    return max(0.0, float(skewness - 1 / np.sqrt(mean)))
