"""An encoder that a cycle trained, with its embeddings of the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import ReadTexts
from lmtx_search.encoder.windows import Windows
from lmtx_search.records import Document
from lmtx_search.training.resources import RunResources
from lmtx_search.training.scorer import ComparedPair, LabelScorer
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.shortlist import Encoder, Ranking, Search
from lmtx_search.words.weights import WordScoring, WordWeights, write_offsets, write_weights


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

    def with_weights(self, weights: WordWeights) -> TrainedEncoder:
        """Return the encoder with other weights of words and no offsets, stored nowhere."""
        other = copy(self)
        other.__dict__.pop("_scorer", None)
        if other.words is not None:
            other.words = replace(other.words, weights=weights, offsets={})
        return other

    def use_weights(self, weights: WordWeights) -> None:
        """Let words count by these weights from now on, and store them beside the encoder."""
        if self.words is None:
            return
        self.words = replace(self.words, weights=weights)
        write_weights(self.folder.parent, weights)
        self.__dict__.pop("_scorer", None)

    def use_offsets(self, offsets: Mapping[str, float]) -> None:
        """Add offsets to the scores of labels from now on, and store them beside the encoder.

        Args:
            offsets: by label id. They replace earlier ones.
        """
        if self.words is None:
            return
        self.words = replace(self.words, offsets=offsets)
        write_offsets(self.folder.parent, offsets)
        self.__dict__.pop("_scorer", None)

    def read(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> ReadTexts:
        """Return texts as :meth:`scores_of` compares them (:meth:`LabelScorer.read`)."""
        return self._scorer.read(texts, on_batch)

    def scores_of(self, read: ReadTexts, rows: slice) -> NDArray[np.float32]:
        """Return the scores of all labels for some of the texts: float32[rows, L]."""
        return self._scorer.scores_of(read, rows)

    def compare(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[ComparedPair]:
        """Return what the score of each document with its given labels is made of."""
        return self._scorer.compare(documents, labels)

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, score) for each document with its given labels."""
        return self._scorer.scores(documents, labels)

    def rank(
        self,
        documents: Sequence[Document],
        k: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> dict[str, Ranking]:
        """Return the k best labels of each document (:meth:`LabelScorer.rank`)."""
        return self._scorer.rank(documents, k, on_batch)

    def open(self) -> tuple[Encoder, Search]:
        """Return the encoder and the label search for the next cycle's shortlists."""
        return self.encoder, self._resources.publish(self.encoder, self.label_vectors)

    @cached_property
    def _scorer(self) -> LabelScorer:
        windows, labels = Windows.of(self._tuning), self._resources.labels
        return LabelScorer(self.encoder, labels, self.label_vectors, windows, self.words)
