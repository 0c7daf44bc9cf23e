"""TF-IDF cosine of documents and labels, by scikit-learn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import MissingExtra
from lmtx_search.records import Document, Label
from lmtx_search.words.tokens import singular

Terms = Literal["words", "characters"]
"""``words``: words and pairs of words that follow each other, without English stop words, English
plurals as singulars. ``characters``: pieces of four characters inside words. They find inflected
and compound words in any language."""

_WORD = re.compile(r"\w+")


class TfIdfScores:
    """Scores labels for documents. Terms weigh by how rare they are in documents and labels.

    Term frequencies are sublinear. The text of a label is its name and its synonyms.

    Args:
        labels: the L labels.
        collection: the documents that tell how rare a term is.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """

    def __init__(
        self, terms: Terms, labels: Sequence[Label], collection: Sequence[Document]
    ) -> None:
        if find_spec("sklearn") is None:
            raise MissingExtra("evaluation", "TF-IDF")
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

        def words(text: str) -> list[str]:
            found = _WORD.findall(text.lower())
            return [singular(word) for word in found if word not in ENGLISH_STOP_WORDS]

        chosen: dict[Terms, dict[str, Any]] = {
            "words": {
                "tokenizer": words,
                "token_pattern": None,
                "lowercase": False,
                "ngram_range": (1, 2),
            },
            "characters": {"analyzer": "char_wb", "ngram_range": (4, 4)},
        }
        passages = [label_passage(label) for label in labels]
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **chosen[terms])
        self._vectorizer.fit([*(document.text for document in collection), *passages])
        self._labels = self._vectorizer.transform(passages).T.tocsr()

    def of(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        """Return float32[n, L]; -inf for a label that has no term in common with the document."""
        vectors = self._vectorizer.transform([document.text for document in documents])
        scores = np.asarray((vectors @ self._labels).toarray(), dtype=np.float32)
        scores[scores <= 0] = -np.inf
        return scores
