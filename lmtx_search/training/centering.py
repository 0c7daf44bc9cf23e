"""Keeps labels that are near every document (hubs) from filling the shortlists.

All documents of a collection often share a topic: every act of the EU is about directives. Labels
about that topic are near all documents and keep the right labels out of the shortlists. Subtracting
the mean document from each document before the search removes the part of a label's score that it
has with every document (Suzuki et al., "Centering similarity measures to reduce hubs", EMNLP 2013).
Without hubs, a label that is near many documents is likely right for them. The weight of centering
therefore depends on the skewness of how often labels occur.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import find_named
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document
from lmtx_search.training.retrieval import RETRIEVALS
from lmtx_search.training.shortlist import Embeddings, Encoder, Search, Shortlister, embed_once

SAMPLE = 400
"""Number of documents from which mean and skewness are computed."""
_NEIGHBOURS = 10
_CHUNK = 64
# Below the first skewness there is no centering; from the second on it is complete.
_SKEWNESS = (2.5, 6.0)


@dataclass(frozen=True)
class Center:
    """The vector to subtract from documents: float32[dimension], the mean times ``weight``."""

    vector: NDArray[np.float32]
    weight: float
    skewness: float

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[n, dimension], centered and L2-normalised."""
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
    tokens: int,
    centered: bool = True,
    retrieval: str = "hybrid",
    known: Embeddings | None = None,
    progress: Progress = SILENT,
) -> Shortlister:
    """Return a maker of shortlists with ``size`` labels, which centers documents if there are hubs.

    Args:
        documents: training documents in a random order. The mean comes from the first of them.
        labels: the size of the label set.
        tokens: number of tokens that the encoder reads of a document. As many words are read.
        centered: False never centers.
        retrieval: the strategy that finds labels (``retrieval.py``).
        known: embeddings by document id. These documents are not embedded again.
    """
    sample = documents[:SAMPLE]
    read = find_named("retrieval", RETRIEVALS, retrieval)
    words = read((document.text for document in sample), tokens)
    known = ChainMap({}, {} if known is None else known)
    if not centered:
        return Shortlister(encoder, search, size, known=known, words=words)
    parts = []
    with progress.stage(
        "Look for labels that are near all documents", len(sample), "texts"
    ) as advance:
        for start in range(0, len(sample), _CHUNK):
            parts.append(embed_once(encoder, sample[start : start + _CHUNK], known))
            advance(len(parts[-1]))
    center = find_center(np.concatenate(parts), search, labels)
    return Shortlister(encoder, search, size, center, known, words)


def find_center(vectors: NDArray[np.float32], search: Search, labels: int) -> Center:
    """Return the center of documents, weighted by the skewness of label occurrences.

    Args:
        vectors: float32[n, dimension], of documents.
        labels: the size of the label set.
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
    """Return how skewed the occurrences of labels among the nearest are, beyond chance.

    This is the usual measure of hubness (Radovanović et al., JMLR 2010). Random labels are skewed
    too (Poisson), especially with many labels for few documents. Their skewness is subtracted.

    Args:
        counts: occurrences of the labels that occur.
        labels: the size of the label set.

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
