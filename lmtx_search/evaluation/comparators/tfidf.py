"""TF-IDF cosine of the document and the label's name and synonyms, by scikit-learn."""

from __future__ import annotations

import time
from importlib.util import find_spec

import numpy as np

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import MissingExtra
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.progress import Progress

_CHUNK = 256


class TfIdf(Comparator):
    """Words weigh by how rare they are in the training documents and the labels."""

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank the labels that share a word with the document."""
        if find_spec("sklearn") is None:
            raise MissingExtra("evaluation", "TF-IDF")
        from sklearn.feature_extraction.text import TfidfVectorizer

        started = time.monotonic()
        passages = [label_passage(label) for label in context.labels]
        vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        vectorizer.fit([*(document.text for document in context.learn_from), *passages])
        labels = vectorizer.transform(passages)
        learned = time.monotonic()
        rankings: dict[str, list[str]] = {}
        with progress.stage("Rank with tfidf", len(context.documents), "documents") as advance:
            for start in range(0, len(context.documents), _CHUNK):
                chunk = context.documents[start : start + _CHUNK]
                vectors = vectorizer.transform([document.text for document in chunk])
                scores = (vectors @ labels.T).toarray()
                order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
                for document, row, columns in zip(chunk, scores, order, strict=True):
                    rankings[document.id] = [context.labels[c].id for c in columns if row[c] > 0]
                advance(len(chunk))
        return ComparatorResult(
            Output(rankings),
            learn_seconds=learned - started,
            tag_seconds=time.monotonic() - learned,
        )


COMPARATOR = TfIdf()
