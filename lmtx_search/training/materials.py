"""What the cycles of a run work with, and an encoder that one of them trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.windows import Windows, nearest_labels, pooled_windows
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.shortlist import Encoder, Ranking, Search
from lmtx_search.training.teacher.judging import Store

LoadEncoder = Callable[[Path, int], Encoder]
"""Loads the encoder in a folder; the number is how many tokens it reads of a text."""
OpenBase = Callable[[], tuple[Encoder, Search]]
"""Gives the base encoder, and the search in a label index of its embeddings."""
Publish = Callable[[Encoder, NDArray[np.float32]], Search]
"""Writes the labels' embeddings by an encoder to a label index; gives the search in it."""


@dataclass(frozen=True)
class Materials:
    """What the cycles work with.

    Attributes:
        base: folder of the encoder that is trained, anew in each cycle.
        open_base: makes the first cycle's shortlists possible, and ``publish`` the others'.
        development: documents held out of training.
        people: people's judgments, which count more than the judge's.
    """

    base: Path
    open_base: OpenBase
    publish: Publish
    load_encoder: LoadEncoder
    labels: Sequence[Label]
    training: Sequence[Document]
    development: Sequence[Document]
    judge: OrderedJudge
    store: Store
    people: Sequence[Judgment] = ()


class Trained:
    """The encoder in a folder and what it makes of the labels; each part when it is needed."""

    def __init__(self, folder: Path, materials: Materials, tuning: FineTuning) -> None:
        self.folder = folder
        self._materials = materials
        self._tuning = tuning

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, as it reads documents."""
        return self._materials.load_encoder(self.folder, self._tuning.document_tokens)

    @cached_property
    def label_vectors(self) -> NDArray[np.float32]:
        """float32[labels, dimension]."""
        reads_labels = self._materials.load_encoder(self.folder, self._tuning.label_tokens)
        return embed_labels(reads_labels, self._materials.labels)

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, cosine) for pairs of documents with labels of theirs.

        Args:
            labels: label ids by document id.
        """
        texts = [document.text for document in documents]
        vectors, counts = pooled_windows(self.encoder, texts, Windows.of(self._tuning))
        row_of = {label.id: row for row, label in enumerate(self._materials.labels)}
        found: list[tuple[str, str, float]] = []
        start = 0
        for document, count in zip(documents, counts, strict=True):
            known = [label for label in labels[document.id] if label in row_of]
            mine = self.label_vectors[[row_of[label] for label in known]]
            best = (vectors[start : start + count] @ mine.T).max(axis=0)
            found += zip([document.id] * len(known), known, map(float, best), strict=True)
            start += count
        return found

    def rank(self, documents: Sequence[Document], k: int) -> dict[str, Ranking]:
        """Return the k nearest labels of each document, exactly."""
        texts = [document.text for document in documents]
        windows = Windows.of(self._tuning)
        ids = [label.id for label in self._materials.labels]
        found = nearest_labels(self.encoder, texts, windows, self.label_vectors, ids, k)
        return {d.id: ranking for d, ranking in zip(documents, found, strict=True)}

    def open(self) -> tuple[Encoder, Search]:
        """Return what makes the next cycle's shortlists."""
        return self.encoder, self._materials.publish(self.encoder, self.label_vectors)
