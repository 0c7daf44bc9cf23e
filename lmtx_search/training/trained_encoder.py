"""An encoder that a cycle trained, with its embeddings of the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import ReadTexts, TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.records import Document
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.shortlist import Encoder, Ranking, Search
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.weights import WordScoring, write_offsets


class TrainedEncoder:
    """The encoder in a folder and its label embeddings. Both are loaded when they are needed.

    Args:
        words: how words count beside the encoder (None: they do not count).
    """

    def __init__(
        self,
        folder: Path,
        resources: RunResources,
        tuning: FineTuning,
        words: WordScoring | None = None,
    ) -> None:
        self.folder = folder
        self.words = words
        self._resources = resources
        self._tuning = tuning

    @cached_property
    def encoder(self) -> OnnxEncoder:
        """The encoder, with its limit of tokens for documents."""
        return self._resources.load_encoder(self.folder, self._tuning.document_tokens)

    @cached_property
    def label_vectors(self) -> NDArray[np.float32]:
        """float32[labels, dimension]."""
        reads_labels = self._resources.load_encoder(self.folder, self._tuning.label_tokens)
        return embed_labels(reads_labels, self._resources.labels)

    def use_offsets(self, offsets: Mapping[str, float]) -> None:
        """Add offsets to the scores of labels from now on, and store them beside the encoder.

        Args:
            offsets: by label id. They replace earlier ones.
        """
        if self.words is None:
            return
        self.words = replace(self.words, offsets=offsets)
        write_offsets(self.folder.parent, offsets)
        for cached in ("_reader", "_label_words"):
            self.__dict__.pop(cached, None)

    def read(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> ReadTexts:
        """Return texts as :meth:`scores_of` compares them.

        Args:
            on_batch: called with the number of texts that were read.
        """
        return self._reader.read(texts, on_batch)

    def scores_of(self, read: ReadTexts, rows: slice) -> NDArray[np.float32]:
        """Return the scores of all labels for some of the texts: float32[rows, L].

        The best window of a text counts.
        """
        counts = read.counts[rows]
        start = sum(read.counts[: rows.start])
        scores = read.vectors[start : start + sum(counts)] @ self.label_vectors.T
        if len(scores) != len(counts):
            scores = np.maximum.reduceat(scores, np.cumsum([0, *counts[:-1]]), axis=0)
        if read.words is not None and self.words is not None and self._label_words is not None:
            self._label_words.scores(read.words[rows], self.words.weights, scores)
        return np.asarray(scores, dtype=np.float32)

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, score) for each document with its given labels.

        Args:
            labels: label ids by document id. Unknown ids are ignored.
        """
        read = self.read([document.text for document in documents])
        row_of = {label.id: row for row, label in enumerate(self._resources.labels)}
        found: list[tuple[str, str, float]] = []
        for place, document in enumerate(documents):
            scores = self.scores_of(read, slice(place, place + 1))[0]
            found += (
                (document.id, label, float(scores[row_of[label]]))
                for label in labels[document.id]
                if label in row_of
            )
        return found

    def rank(
        self,
        documents: Sequence[Document],
        k: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> dict[str, Ranking]:
        """Return the k best labels of each document by exact search: (id, score).

        Args:
            on_batch: called with the number of documents that were read.
        """
        labels = self._resources.labels
        texts = [document.text for document in documents]
        ids = [label.id for label in labels]
        found = rank_labels(self._reader, texts, labels, ids, self.label_vectors, k, on_batch)
        return {d.id: ranking for d, ranking in zip(documents, found, strict=True)}

    def open(self) -> tuple[Encoder, Search]:
        """Return the encoder and the label search for the next cycle's shortlists."""
        return self.encoder, self._resources.publish(self.encoder, self.label_vectors)

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader(self.encoder, Windows.of(self._tuning), self.words)

    @cached_property
    def _label_words(self) -> LabelWords | None:
        forms = self._reader.label_forms()
        if forms is None:
            return None
        forms.put(self._resources.labels)
        return forms.of([label.id for label in self._resources.labels])
