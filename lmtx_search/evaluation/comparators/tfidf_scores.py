"""TF-IDF cosine of documents and labels, by scikit-learn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import MissingExtra
from lmtx_search.records import Document, Label
from lmtx_search.words.tokens import singular

_WORD = re.compile(r"\w+")


def folded_words(text: str) -> list[str]:
    """Return the words of a text in lower case, with English plurals as singulars.

    >>> folded_words("Libraries of the world's cities")
    ['library', 'of', 'the', 'world', 's', 'city']
    """
    return [singular(word) for word in _WORD.findall(text.lower())]


WORDS: Mapping[str, Any] = {
    "tokenizer": folded_words,
    "token_pattern": None,
    "lowercase": False,
    "ngram_range": (1, 2),
}
"""Words and pairs of words that follow each other."""

CHARACTERS: Mapping[str, Any] = {"analyzer": "char_wb", "ngram_range": (4, 4)}
"""Pieces of four characters inside words: they find inflected and compound words in any language.
"""


class TfIdfScores:
    """Scores labels for documents. Terms weigh by how rare they are in documents and labels.

    Term frequencies are sublinear. The text of a label is its name and its synonyms.

    Args:
        terms: :data:`WORDS` or :data:`CHARACTERS`.
        labels: the L labels.
        collection: the documents that tell how rare a term is.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(
        self, terms: Mapping[str, Any], labels: Sequence[Label], collection: Sequence[Document]
    ) -> None:
        if find_spec("sklearn") is None:
            raise MissingExtra("evaluation", "TF-IDF")
        from sklearn.feature_extraction.text import TfidfVectorizer

        passages = [label_passage(label) for label in labels]
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **terms)
        self._vectorizer.fit([*(document.text for document in collection), *passages])
        self._labels = self._vectorizer.transform(passages).T.tocsr()

    def of(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        """Return float32[n, L]; -inf for a label that has no term in common with the document."""
        vectors = self._vectorizer.transform([document.text for document in documents])
        scores = np.asarray((vectors @ self._labels).toarray(), dtype=np.float32)
        scores[scores <= 0] = -np.inf
        return scores
