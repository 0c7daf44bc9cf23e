"""Compares the words of documents with those of labels, by an inverted index in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.words.tokens import Tokens
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordWeights

COMPLETE = 0.999
"""The share of a label's words from which a document has all of them."""

COMMON = 0.05
"""The importance of a common word. It counts for next to nothing, but a document without it does
not have all words of a name. A form that has only such words has no evidence."""

Form = Tokens
"""The words of a label's name or of one of its synonyms."""

_NOTHING = np.empty(0, dtype=np.int64)

# With fewer documents, no word is known to be common.
_FEW = 20

# Pairs of document and form whose sums are in memory at a time (8 MB).
_PAIRS = 1_000_000


def word_importance(documents: Sequence[Tokens], vocabulary: int) -> NDArray[np.float32]:
    """Return the inverse document frequency of each token in documents: float32[vocabulary].

    It is at least 1, and :data:`COMMON` for a word that more than half of the documents have, if
    these are at least 20. Such a word says nothing about one of them: a label with the name "IT"
    would be named by every document that has the word "it".
    """
    seen, importance = _frequencies(documents, vocabulary)
    if len(documents) >= _FEW:
        importance[2 * seen > len(documents)] = COMMON
    return importance


def importance_of_words(
    documents: Sequence[Tokens], names: Sequence[Sequence[Form]], vocabulary: int
) -> NDArray[np.float32]:
    """Return how much each token counts: float32[vocabulary].

    It is :func:`word_importance`. Without documents, it is the inverse document frequency in names
    instead, at least 1.

    Args:
        names: the forms of each label.
    """
    if documents:
        return word_importance(documents, vocabulary)
    return _frequencies([form for forms in names for form in forms], vocabulary)[1]


def _frequencies(
    texts: Sequence[Tokens], vocabulary: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    seen = np.zeros(vocabulary, dtype=np.int64)
    for words in texts:
        seen[np.unique(words)] += 1
    return seen, (np.log((len(texts) + 1) / (seen + 1)) + 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Postings:
    """The forms that have a token: those of token t are ``starts[t]:starts[t + 1]``.

    Attributes:
        similarity: weight of the token in the form's unit vector.
        share: the token's share of the form's importance; the shares of a form add up to 1.
    """

    starts: NDArray[np.int64]
    form: NDArray[np.int64]
    similarity: NDArray[np.float32]
    share: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FormWords:
    """The different words of all forms, form by form.

    Attributes:
        forms: number of forms.
        form: int64[P], the number of the form.
        token: int64[P].
        similarity: float32[P], weight of the token in the form's unit vector.
        share: float32[P], the token's share of the form's importance.
    """

    forms: int
    form: NDArray[np.int64]
    token: NDArray[np.int64]
    similarity: NDArray[np.float32]
    share: NDArray[np.float32]


class LabelWords:
    """The words of L labels, each with one form or more.

    Args:
        labels: for each label its forms. A label without any word has no evidence.
        importance: float32[vocabulary], from :func:`word_importance`.
        offsets: float32[L], what is added to the evidence of each label in all documents.
    """

    def __init__(
        self,
        labels: Sequence[Sequence[Form]],
        importance: NDArray[np.float32],
        offsets: NDArray[np.float32] | None = None,
    ) -> None:
        self._importance = importance
        self.offsets = np.zeros(len(labels), dtype=np.float32) if offsets is None else offsets
        self._firsts = np.cumsum([0, *(max(1, len(forms)) for forms in labels)])[:-1]
        self._labels = len(labels)
        forms = [form for of_label in labels for form in (of_label or [_NOTHING])]
        self._forms = forms
        self._postings = _index(forms, importance)

    def __len__(self) -> int:
        """Return the number of labels."""
        return self._labels

    @property
    def forms_per_label(self) -> NDArray[np.int64]:
        """int64[L], at least 1: the forms of a label follow each other."""
        return np.diff(np.append(self._firsts, len(self._forms)))

    def entries(self) -> FormWords:
        """Return the words of all forms."""
        postings = self._postings
        token = np.repeat(np.arange(len(self._importance)), np.diff(postings.starts))
        order = np.lexsort((token, postings.form))
        return FormWords(
            len(self._forms),
            postings.form[order],
            token[order],
            postings.similarity[order],
            postings.share[order],
        )

    def scores(
        self,
        documents: Sequence[Tokens],
        weights: WordWeights,
        plus: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the weighted evidence of each label in its best form, and its offset.

        Args:
            plus: float32[n, L]; the evidence is added to it in place.

        Returns:
            float32[n, L].
        """
        found = plus
        if found is None:
            found = np.zeros((len(documents), self._labels), dtype=np.float32)
        step = max(1, _PAIRS // max(1, len(self._forms)))
        for start in range(0, len(documents), step):
            some = documents[start : start + step]
            place, similarity, share = self._common(some)
            # As WordWeights.of weighs it, in fewer passes over all forms.
            partial = weights.similarity * similarity + weights.share * share
            weighted = self._sums(place, partial, len(some))
            weighted[self._sums(place, share, len(some)) >= COMPLETE] += weights.complete
            found[start : start + step] += self._of_labels(weighted)
        found += self.offsets
        return found

    def named(self, words: Tokens) -> NDArray[np.int64]:
        """Return the rows of the labels that a document names: it has all words of one form."""
        place, _, share = self._common([words])
        complete = (self._sums(place, share, 1) >= COMPLETE).astype(np.float64)
        return np.flatnonzero(self._of_labels(complete)[0])

    def evidence(self, words: Tokens, labels: Sequence[int]) -> NDArray[np.float32]:
        """Return similarity, share and completeness of some labels in their best form.

        Args:
            labels: rows of n labels.

        Returns:
            float32[n, 3], what :class:`WordWeights` weighs.
        """
        features = np.stack(self._compare(words), axis=1)
        weighted = DEFAULT_WEIGHTS.of(*features.T)
        ends = np.append(self._firsts[1:], len(self._forms))
        best = [
            int(self._firsts[row] + np.argmax(weighted[self._firsts[row] : ends[row]]))
            for row in labels
        ]
        return np.asarray(features[best], dtype=np.float32)

    def _of_labels(self, of_forms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the best of each label's forms: float64[n, L] of float64[n, forms]."""
        if len(self._forms) == self._labels:
            return of_forms
        return np.asarray(np.maximum.reduceat(of_forms, self._firsts, axis=1))

    def _compare(
        self, words: Tokens
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return similarity, share and completeness of all forms: float32[forms] each."""
        place, *parts = self._common([words])
        similarity, share = (self._sums(place, part, 1)[0].astype(np.float32) for part in parts)
        return similarity, share, (share >= COMPLETE).astype(np.float32)

    def _sums(
        self, place: NDArray[np.int64], values: NDArray[np.float32], documents: int
    ) -> NDArray[np.float64]:
        """Return the sum of the values at each place: float64[documents, forms]."""
        shape = (documents, len(self._forms))
        # Without any value, bincount returns integers.
        sums = np.bincount(place, values, documents * len(self._forms))
        return sums.astype(np.float64, copy=False).reshape(shape)

    def _common(
        self, documents: Sequence[Tokens]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Return what each word that a form shares with a text adds to similarity and share.

        Returns:
            int64[P], the place: row of the document times number of forms, plus the form; and
            float32[P] twice.
        """
        postings = self._postings
        row, token, vector = self._vectors(documents)
        counts = postings.starts[token + 1] - postings.starts[token]
        skipped = np.cumsum(counts) - counts
        found = np.repeat(postings.starts[token] - skipped, counts) + np.arange(counts.sum())
        place = np.repeat(row * len(self._forms), counts) + postings.form[found]
        similarity = postings.similarity[found] * np.repeat(vector, counts)
        return place, similarity, postings.share[found]

    def _vectors(
        self, documents: Sequence[Tokens]
    ) -> tuple[NDArray[np.int64], Tokens, NDArray[np.float32]]:
        """Return row and token of the different words, and their weights in vectors of length 1."""
        rows = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
        keys = np.concatenate([_NOTHING, *documents]) + rows * len(self._importance)
        keys, counts = np.unique(keys, return_counts=True)
        row, token = np.divmod(keys, max(1, len(self._importance)))
        weights = (1 + np.log(counts)) * self._importance[token]
        lengths = np.sqrt(np.bincount(row, weights**2, len(documents)))
        return row, token, np.asarray(weights / lengths[row], dtype=np.float32)


def _index(forms: Sequence[Form], importance: NDArray[np.float32]) -> _Postings:
    numbers = np.repeat(np.arange(len(forms)), [len(form) for form in forms])
    keys = np.concatenate([_NOTHING, *forms]) + numbers * len(importance)
    keys, counts = np.unique(keys, return_counts=True)
    number, token = np.divmod(keys, max(1, len(importance)))
    weights = (1 + np.log(counts)) * importance[token]
    lengths = np.sqrt(np.bincount(number, weights**2, len(forms)))
    sums = np.bincount(number, importance[token], len(forms))
    says = np.zeros(len(forms))
    np.maximum.at(says, number, importance[token])
    token, number, weights = (
        part[says[number] > np.float32(COMMON)] for part in (token, number, weights)
    )
    order = np.argsort(token, kind="stable")
    return _Postings(
        np.searchsorted(token[order], np.arange(len(importance) + 1)),
        number[order],
        (weights / lengths[number])[order].astype(np.float32),
        (importance[token] / sums[number])[order].astype(np.float32),
    )
