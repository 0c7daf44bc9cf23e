"""Scores documents with a trained encoder, for many labels at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.nearest import rows_at_a_time
from lmtx_search.encoder.reading import ReadTexts
from lmtx_search.records import Document
from lmtx_search.training.trained_encoder import TrainedEncoder

MOST_LABELS = 8192
"""Of a larger label set, only these labels are scored: those that are near to most documents."""

# A label is near to a document if it is among this many with the highest scores.
_NEAR = 20


def score_documents(
    scorer: TrainedEncoder,
    documents: Sequence[Document],
    on_batch: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the labels that are scored, and the scores of all documents.

    Args:
        on_batch: called with the number of documents that were read.

    Returns:
        int64[m], positions in the label set in ascending order, and float32[n, m].
    """
    read = scorer.read([document.text for document in documents], on_batch)
    labels = len(scorer.label_vectors)
    columns = np.arange(labels)
    if labels > MOST_LABELS:
        columns = _near_labels(scorer, read)
    found = np.empty((len(documents), len(columns)), dtype=np.float32)
    start = 0
    for scores in _blocks(scorer, read):
        found[start : start + len(scores)] = scores[:, columns]
        start += len(scores)
    return columns, found


def _near_labels(scorer: TrainedEncoder, read: ReadTexts) -> NDArray[np.int64]:
    counts = np.zeros(len(scorer.label_vectors), dtype=np.int64)
    for scores in _blocks(scorer, read):
        near = np.argpartition(-scores, _NEAR - 1, axis=1)[:, :_NEAR]
        counts += np.bincount(near.ravel(), minlength=len(counts))
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_LABELS])


def _blocks(scorer: TrainedEncoder, read: ReadTexts) -> Iterator[NDArray[np.float32]]:
    """Yield the scores of all labels for some documents after the other: float32[rows, L]."""
    step = rows_at_a_time(len(scorer.label_vectors))
    for start in range(0, len(read.counts), step):
        yield scorer.scores_of(read, slice(start, start + step))
