"""Scores a sample of documents for all labels, and keeps the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.windows import mean_of_windows
from lmtx_search.gaps.usable import UsableLabels
from lmtx_search.progress import Progress
from lmtx_search.records import Document
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_matrix import LabelRows


@dataclass(frozen=True, slots=True)
class ScoredSample:
    """n documents and L labels.

    Attributes:
        vectors: float32[n, dimension], unit rows: the documents.
        best: float32[n], the best score of each document; ``best_label`` is the label's row.
        label_best: float32[L], the best score of each label; ``label_best_at`` is the document's
            row. It is −inf for a label that none of the documents may have.
        usable: which labels the documents may have (None: all of them).
    """

    documents: Sequence[Document]
    labels: LabelRows
    vectors: NDArray[np.float32]
    best: NDArray[np.float32]
    best_label: NDArray[np.int64]
    label_best: NDArray[np.float32]
    label_best_at: NDArray[np.int64]
    usable: UsableLabels | None = None


def score_sample(tagger: Tagger, documents: Sequence[Document], progress: Progress) -> ScoredSample:
    """Score documents as the tagger does. Labels for other groups do not count."""
    compared = tagger.compared()
    labels = compared.current()
    count = len(documents)
    vectors = np.empty((count, labels.embeddings.shape[1]), np.float32)
    best, best_label = np.empty(count, np.float32), np.empty(count, np.int64)
    label_best = np.full(len(labels.ids), -np.inf, np.float32)
    label_best_at = np.zeros(len(labels.ids), np.int64)
    usable = UsableLabels(
        tagger.rules, labels.ids, [tagger.groups_of(one.source or {}) for one in documents]
    )
    with progress.stage("Score documents", count, "documents") as advance:
        for row, document in enumerate(documents):
            read = tagger.reader.read([document.text])
            vectors[row] = mean_of_windows(read.vectors, read.counts)[0]
            scores = np.where(usable.of(row), compared.sides(read).scores, -np.inf)
            best_label[row] = np.argmax(scores)
            best[row] = scores[best_label[row]]
            higher = scores > label_best
            label_best[higher], label_best_at[higher] = scores[higher], row
            advance(1)
    return ScoredSample(
        documents, labels, vectors, best, best_label, label_best, label_best_at, usable
    )
