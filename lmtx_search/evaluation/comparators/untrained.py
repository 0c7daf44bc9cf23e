"""The embeddings of the untrained encoder, which several comparators share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.windows import Windows, pooled_windows
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.training.centering import SAMPLE, Center, find_center
from lmtx_search.training.shortlist import Encoder, search_in


@dataclass(frozen=True, slots=True)
class Untrained:
    """Labels and documents as the encoder embeds them before any training.

    Attributes:
        labels: float32[L, dimension], rows of length 1.
        vectors: float32[m, dimension], rows of length 1, document by document.
        counts: number of rows of each document: 1, or its windows if each of them is compared.
        center: what is subtracted from documents if some labels are hubs.
        seconds: time to embed the documents.
    """

    labels: NDArray[np.float32]
    vectors: NDArray[np.float32]
    counts: Sequence[int]
    center: Center
    seconds: float

    def cosines(self, part: slice, *, centered: bool) -> NDArray[np.float32]:
        """Return the cosine similarity of some documents with all labels: float32[n, L]."""
        ends = np.cumsum([0, *self.counts])
        starts = ends[part.start : part.stop]
        vectors = self.vectors[starts[0] : ends[part.stop]]
        if centered:
            vectors = self.center(vectors)
        cosines = vectors @ self.labels.T
        if len(cosines) == len(starts):
            return np.asarray(cosines, dtype=np.float32)
        return np.asarray(np.maximum.reduceat(cosines, starts - starts[0]), dtype=np.float32)


def read_untrained(
    reads_documents: Encoder,
    reads_labels: Encoder,
    windows: Windows,
    labels: Sequence[Label],
    documents: Sequence[Document],
    training: Sequence[Document],
    progress: Progress,
) -> Untrained:
    """Embed labels and documents.

    Args:
        reads_documents, reads_labels: the same encoder with the tokens that it reads of each.
        training: documents in a random order. The center comes from the first of them, as in
            :func:`lmtx_search.training.centering.open_shortlister`; without them there is none.
    """
    with progress.stage("Embed labels", len(labels), "labels") as advance:
        vectors = embed_labels(reads_labels, labels, advance)
    sample = [document.text for document in training[:SAMPLE]]
    with progress.stage("Look for hubs", len(sample), "documents") as advance:
        known = reads_documents.encode(sample, on_batch=advance)
    center = (
        find_center(known, search_in(vectors, labels), len(labels))
        if sample
        else Center(np.zeros(vectors.shape[1], dtype=np.float32), 0.0, 0.0)
    )
    started = time.monotonic()
    with progress.stage("Embed documents", len(documents), "documents") as advance:
        texts = [document.text for document in documents]
        embedded, counts = pooled_windows(reads_documents, texts, windows, advance)
    return Untrained(vectors, embedded, counts, center, time.monotonic() - started)
