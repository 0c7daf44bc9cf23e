"""Reads texts as a tagger version does: as embeddings, and as words where these count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.label_words import label_words
from lmtx_search.encoder.nearest import nearest, rows_at_a_time
from lmtx_search.encoder.onnx import OnnxEncoder, TokenisedText
from lmtx_search.encoder.windows import Windows, best_of_windows, mean_of_windows
from lmtx_search.records import Label
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.tokens import Tokens, WordTokens
from lmtx_search.words.weights import WordScoring

# Texts that are read at a time.
_TEXTS = 256


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """Texts as the encoder has read them.

    Attributes:
        vectors: float32[v, dimension], the embeddings to compare with labels, text by text.
        counts: number of embeddings of each text.
        words: the words of each text (None: words do not count).
    """

    vectors: NDArray[np.float32]
    counts: Sequence[int]
    words: Sequence[Tokens] | None = None

    def words_by_vector(self) -> list[Tokens]:
        """Return for each embedding the words of its text."""
        pairs = zip(self.words or (), self.counts, strict=True)
        return [words for words, count in pairs for _ in range(count)]


class LabelForms:
    """The forms of labels as words, by label id."""

    def __init__(self, words: WordScoring, tokens: WordTokens, encoder: OnnxEncoder) -> None:
        self.weights = words.weights
        self._importance = words.importance
        self._offsets = words.offsets
        self._tokens = tokens
        self._encoder = encoder
        self._forms: dict[str, list[Tokens]] = {}

    def put(self, labels: Iterable[Label]) -> None:
        """Read labels, which replace earlier ones with the same id."""
        labels = list(labels)
        read = label_words(self._encoder, self._tokens, labels)
        self._forms |= {label.id: forms for label, forms in zip(labels, read, strict=True)}

    def shared(self, label: str, words: Tokens) -> Tokens:
        """Return the words that a label and a text share, for the form that shares most."""
        importance = self._importance.words
        forms = [form[np.isin(form, words)] for form in self._forms[label]]
        shares = [
            importance[there].sum() / max(1.0, importance[form].sum())
            for there, form in zip(forms, self._forms[label], strict=True)
        ]
        return forms[int(np.argmax(shares))]

    def of(self, ids: Sequence[str]) -> LabelWords:
        """Return the words of labels in the order of their ids."""
        offsets = np.array([self._offsets.get(id_, 0.0) for id_ in ids], dtype=np.float32)
        return LabelWords([self._forms[id_] for id_ in ids], self._importance, offsets)


class TextReader:
    """Reads texts for a tagger.

    Args:
        words: None if words do not count.
    """

    def __init__(
        self, encoder: OnnxEncoder, windows: Windows, words: WordScoring | None = None
    ) -> None:
        self._encoder = encoder
        self._windows = windows
        self._words = words
        self._tokens = None if words is None else encoder.word_tokens()
        # A manifest of an earlier release has fewer windows for words than for the encoder.
        self._for_words = windows.most if words is None else max(windows.most, words.windows)

    def read(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> ReadTexts:
        """Return the embeddings and the words of texts.

        Args:
            on_batch: called with the number of texts whose first window was read.
        """
        read = self._tokenise(texts)
        counts = [len(text.windows) for text in read]
        vectors = self._encoder.embed([text.windows for text in read], on_batch=on_batch)
        if self._windows.pooling == "mean":
            vectors, counts = mean_of_windows(vectors, counts), [1] * len(counts)
        if self._tokens is None:
            return ReadTexts(vectors, counts)
        words = [self._tokens.words(text.words) for text in read]
        return ReadTexts(vectors, counts, words)

    def parts_read(self, parts: Sequence[str]) -> int:
        """Return how many of a text's parts, from its beginning, contain all that is read of it."""
        whole = self._tokenise(["".join(parts)])
        for count in range(1, len(parts)):
            if self._tokenise(["".join(parts[:count])]) == whole:
                return count
        return len(parts)

    def _tokenise(self, texts: Sequence[str]) -> list[TokenisedText]:
        return self._encoder.tokenise_with_words(texts, self._windows.most, self._for_words)

    def label_forms(self) -> LabelForms | None:
        """Return an empty collection of labels as words (None: words do not count)."""
        if self._words is None or self._tokens is None:
            return None
        return LabelForms(self._words, self._tokens, self._encoder)

    def text_of(self, words: Tokens) -> str:
        """Return words as text."""
        return self._encoder.text_of(words.tolist())


def rank_labels(
    reader: TextReader,
    texts: Sequence[str],
    labels: Iterable[Label],
    ids: Sequence[str],
    embeddings: NDArray[np.float32],
    k: int,
    on_batch: Callable[[int], None] | None = None,
) -> list[list[tuple[str, float]]]:
    """Return the k best labels of each text by exact search: (id, score), best first.

    Args:
        labels: the labels in any order.
        ids: ids of the labels, in the order of the embeddings.
        embeddings: float32[labels, dimension], rows of length 1.
        on_batch: called with the number of texts whose first window was read.
    """
    forms = reader.label_forms()
    words = None
    if forms is not None:
        forms.put(labels)
        words = forms.of(ids)
    step = rows_at_a_time(len(ids))
    found: list[list[tuple[str, float]]] = []
    for start in range(0, len(texts), _TEXTS):
        read = reader.read(texts[start : start + _TEXTS], on_batch)
        rankings: list[list[tuple[str, float]]] = []
        for first in range(0, len(read.vectors), step):
            rows = slice(first, first + step)
            plus = None
            if words is not None and forms is not None:
                plus = words.scores(read.words_by_vector()[rows], forms.weights)
            rankings += nearest(read.vectors[rows], embeddings, ids, k, plus)
        found += best_of_windows(rankings, read.counts, k)
    return found
