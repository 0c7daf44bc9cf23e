"""An encoder that a cycle trained, with its embeddings of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.windows import Windows, nearest_labels, pooled_windows
from lmtx_search.records import Document
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.shortlist import Encoder, Ranking, Search


class TrainedEncoder:
    """The encoder in a folder and its label embeddings. Both are loaded when they are needed."""

    def __init__(self, folder: Path, resources: RunResources, tuning: FineTuning) -> None:
        self.folder = folder
        self._resources = resources
        self._tuning = tuning

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, with its limit of tokens for documents."""
        return self._resources.load_encoder(self.folder, self._tuning.document_tokens)

    @cached_property
    def label_vectors(self) -> NDArray[np.float32]:
        """float32[labels, dimension]."""
        reads_labels = self._resources.load_encoder(self.folder, self._tuning.label_tokens)
        return embed_labels(reads_labels, self._resources.labels)

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, cosine) for each document with its given labels.

        Args:
            labels: label ids by document id. Unknown ids are ignored.
        """
        texts = [document.text for document in documents]
        vectors, counts = pooled_windows(self.encoder, texts, Windows.of(self._tuning))
        row_of = {label.id: row for row, label in enumerate(self._resources.labels)}
        found: list[tuple[str, str, float]] = []
        start = 0
        for document, count in zip(documents, counts, strict=True):
            known = [label for label in labels[document.id] if label in row_of]
            label_vectors = self.label_vectors[[row_of[label] for label in known]]
            best = (vectors[start : start + count] @ label_vectors.T).max(axis=0)
            found += zip([document.id] * len(known), known, map(float, best), strict=True)
            start += count
        return found

    def rank(self, documents: Sequence[Document], k: int) -> dict[str, Ranking]:
        """Return the k nearest labels of each document by exact search."""
        texts = [document.text for document in documents]
        windows = Windows.of(self._tuning)
        ids = [label.id for label in self._resources.labels]
        found = nearest_labels(self.encoder, texts, windows, self.label_vectors, ids, k)
        return {d.id: ranking for d, ranking in zip(documents, found, strict=True)}

    def open(self) -> tuple[Encoder, Search]:
        """Return the encoder and the label search for the next cycle's shortlists."""
        return self.encoder, self._resources.publish(self.encoder, self.label_vectors)
