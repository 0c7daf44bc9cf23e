"""Scores labels for documents as a tagger does: by the encoder, words and the offsets of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import ReadTexts, TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.records import Document, Label
from lmtx_search.training.shortlist import Ranking
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.weights import WordScoring


class ComparedPair(NamedTuple):
    """A document and a label: cosine of the encoder, and float32[3] of evidence from words.

    The evidence is what :class:`~lmtx_search.words.weights.WordWeights` weighs.
    """

    document: str
    label: str
    cosine: float
    evidence: NDArray[np.float32]


class LabelScorer:
    """Compares documents with labels.

    Args:
        encoder: reads documents.
        labels: L labels.
        vectors: float32[L, dimension], their embeddings, rows of length 1.
        windows: how documents are read.
        words: how words count beside the encoder, and the offsets of labels (None: neither does).
    """

    def __init__(
        self,
        encoder: OnnxEncoder,
        labels: Sequence[Label],
        vectors: NDArray[np.float32],
        windows: Windows,
        words: WordScoring | None,
    ) -> None:
        self._labels = labels
        self._vectors = vectors
        self._words = words
        self._reader = TextReader(encoder, windows, words)

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
        scores = self._cosines(read, rows)
        if read.words is not None and self._words is not None and self._label_words is not None:
            self._label_words.scores(read.words[rows], self._words.weights, scores)
        return scores

    def _cosines(self, read: ReadTexts, rows: slice) -> NDArray[np.float32]:
        counts = read.counts[rows]
        start = sum(read.counts[: rows.start])
        cosines = read.vectors[start : start + sum(counts)] @ self._vectors.T
        if len(cosines) != len(counts):
            cosines = np.maximum.reduceat(cosines, np.cumsum([0, *counts[:-1]]), axis=0)
        return np.asarray(cosines, dtype=np.float32)

    def compare(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[ComparedPair]:
        """Return what the score of each document with its given labels is made of.

        Args:
            labels: label ids by document id. Unknown ids are ignored.
        """
        assert self._label_words is not None, "words do not count"
        assert self._words is not None
        read = self.read([document.text for document in documents])
        row_of = {label.id: row for row, label in enumerate(self._labels)}
        found: list[ComparedPair] = []
        for place, (document, words) in enumerate(zip(documents, read.words or (), strict=True)):
            known = [label for label in labels[document.id] if label in row_of]
            rows = [row_of[label] for label in known]
            cosines = self._cosines(read, slice(place, place + 1))[0, rows]
            evidence = self._label_words.evidence(words, rows, self._words.weights)
            found += map(ComparedPair, [document.id] * len(known), known, cosines, evidence)
        return found

    def scores(
        self,
        documents: Sequence[Document],
        labels: Mapping[str, Sequence[str]],
        on_batch: Callable[[int], None] | None = None,
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, score) for each document with its given labels.

        Args:
            labels: label ids by document id. Unknown ids are ignored.
            on_batch: called with the number of documents that were read.
        """
        read = self.read([document.text for document in documents], on_batch)
        row_of = {label.id: row for row, label in enumerate(self._labels)}
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
        texts = [document.text for document in documents]
        ids = [label.id for label in self._labels]
        found = rank_labels(self._reader, texts, self._labels, ids, self._vectors, k, on_batch)
        return {d.id: ranking for d, ranking in zip(documents, found, strict=True)}

    @cached_property
    def _label_words(self) -> LabelWords | None:
        forms = self._reader.label_forms()
        if forms is None:
            return None
        forms.put(self._labels)
        return forms.of([label.id for label in self._labels])
