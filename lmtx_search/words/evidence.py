"""Compares the words of documents with those of labels, by an inverted index in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.words.importance import COMMON, WordImportance, pair_keys, places
from lmtx_search.words.tokens import Tokens
from lmtx_search.words.weights import WordWeights

COMPLETE = 0.999
"""The share of a label's words from which a document has all of them."""

Form = Tokens
"""The words of a label's name or of one of its synonyms."""

_NOTHING = np.empty(0, dtype=np.int64)

# Pairs of document and form whose sums are in memory at a time (8 MB).
_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Postings:
    """The forms that have a term: those of term t are ``starts[t]:starts[t + 1]``.

    Attributes:
        similarity: weight of the term in the form's unit vector.
        share: the word's share of the form's importance; the shares of a form add up to 1. A pair
            has none.
    """

    starts: NDArray[np.int64]
    form: NDArray[np.int64]
    similarity: NDArray[np.float32]
    share: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FormWords:
    """The different terms of all forms, form by form.

    Attributes:
        forms: number of forms.
        form: int64[P], the number of the form.
        term: int64[P].
        similarity: float32[P], weight of the term in the form's unit vector.
        share: float32[P], the term's share of the form's importance (0 for a pair).
    """

    forms: int
    form: NDArray[np.int64]
    term: NDArray[np.int64]
    similarity: NDArray[np.float32]
    share: NDArray[np.float32]


class LabelWords:
    """The words of L labels, each with one form or more.

    A term is a word, or a pair of words that follow each other in a form. The terms from the size
    of the vocabulary on are :attr:`pairs`. The vector of a document has its pairs that a form has
    too, but its length is that of its words alone: a document is as similar to a label whatever
    the other labels are.

    Args:
        labels: for each label its forms. A label without any word has no evidence.
        importance: of words, and of pairs if they count.
        offsets: float32[L], what is added to the evidence of each label in all documents.

    Attributes:
        pairs: int64[Q] in rising order, the pairs of the forms (:func:`~.importance.pair_keys`).
    """

    def __init__(
        self,
        labels: Sequence[Sequence[Form]],
        importance: WordImportance,
        offsets: NDArray[np.float32] | None = None,
    ) -> None:
        self.offsets = np.zeros(len(labels), dtype=np.float32) if offsets is None else offsets
        self._firsts = np.cumsum([0, *(max(1, len(forms)) for forms in labels)])[:-1]
        self._labels = len(labels)
        forms = [form for of_label in labels for form in (of_label or [_NOTHING])]
        self._forms = forms
        self._vocabulary = len(importance.words)
        self.pairs = _NOTHING
        self._importance = importance.words
        if importance.pairs is not None:
            self.pairs = np.unique(self._pairs(*_by_row(forms))[1])
            self._importance = np.concatenate([importance.words, importance.of_pairs(self.pairs)])
        self._postings = self._index()

    def __len__(self) -> int:
        """Return the number of labels."""
        return self._labels

    @property
    def forms_per_label(self) -> NDArray[np.int64]:
        """int64[L], at least 1: the forms of a label follow each other."""
        return np.diff(np.append(self._firsts, len(self._forms)))

    @property
    def importance(self) -> NDArray[np.float32]:
        """float32[vocabulary + Q], of each term."""
        return self._importance

    def entries(self) -> FormWords:
        """Return the terms of all forms."""
        postings = self._postings
        term = np.repeat(np.arange(len(self._importance)), np.diff(postings.starts))
        order = np.lexsort((term, postings.form))
        return FormWords(
            len(self._forms),
            postings.form[order],
            term[order],
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

    def evidence(
        self, words: Tokens, labels: Sequence[int], weights: WordWeights
    ) -> NDArray[np.float32]:
        """Return similarity, share and completeness of some labels in their best form.

        Args:
            labels: rows of n labels.
            weights: tell which form is the best one.

        Returns:
            float32[n, 3], what :class:`WordWeights` weighs.
        """
        features = np.stack(self._compare(words), axis=1)
        weighted = weights.of(*features.T)
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
        """Return what each term that a form shares with a text adds to similarity and share.

        Returns:
            int64[P], the place: row of the document times number of forms, plus the form; and
            float32[P] twice.
        """
        postings = self._postings
        row, term, vector = self._vectors(documents)
        counts = postings.starts[term + 1] - postings.starts[term]
        skipped = np.cumsum(counts) - counts
        found = np.repeat(postings.starts[term] - skipped, counts) + np.arange(counts.sum())
        place = np.repeat(row * len(self._forms), counts) + postings.form[found]
        similarity = postings.similarity[found] * np.repeat(vector, counts)
        return place, similarity, postings.share[found]

    def _vectors(
        self, documents: Sequence[Tokens]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return row and term of the different terms, and their weights beside words of length 1.

        Pairs that no form has are left out.
        """
        row, term, weights = self._weights(documents)
        of_words = np.where(term < self._vocabulary, weights, 0)
        lengths = np.sqrt(np.bincount(row, of_words**2, len(documents)))
        return row, term, np.asarray(weights / lengths[row], dtype=np.float32)

    def _index(self) -> _Postings:
        """Return the terms of all forms by term."""
        number, term, weights = self._weights(self._forms)
        forms = len(self._forms)
        lengths = np.sqrt(np.bincount(number, weights**2, forms))
        importance = np.where(term < self._vocabulary, self._importance[term], 0)
        sums = np.bincount(number, importance, forms)
        says = np.zeros(forms)
        np.maximum.at(says, number, importance)
        kept = says[number] > np.float32(COMMON)
        term, number, weights, importance = (
            part[kept] for part in (term, number, weights, importance)
        )
        order = np.argsort(term, kind="stable")
        return _Postings(
            np.searchsorted(term[order], np.arange(len(self._importance) + 1)),
            number[order],
            (weights / lengths[number])[order].astype(np.float32),
            (importance / sums[number])[order].astype(np.float32),
        )

    def _weights(
        self, texts: Sequence[Tokens]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return row, number and TF-IDF weight of the different terms of each text."""
        rows, terms = _by_row(texts)
        if len(self.pairs):
            of_pairs, keys = self._pairs(rows, terms)
            place, found = places(self.pairs, keys)
            rows = np.concatenate([rows, of_pairs[found]])
            terms = np.concatenate([terms, self._vocabulary + place[found]])
        keys = terms + rows * len(self._importance)
        keys, counts = np.unique(keys, return_counts=True)
        row, term = np.divmod(keys, max(1, len(self._importance)))
        return row, term, (1 + np.log(counts)) * self._importance[term]

    def _pairs(
        self, rows: NDArray[np.int64], words: Tokens
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and the key of each pair of words that follow each other in a row."""
        together = rows[:-1] == rows[1:]
        return rows[:-1][together], pair_keys(words, self._vocabulary)[together]


def _by_row(texts: Sequence[Tokens]) -> tuple[NDArray[np.int64], Tokens]:
    """Return the words of all texts, text by text, and the row of each."""
    rows = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
    return rows, np.concatenate([_NOTHING, *texts])
