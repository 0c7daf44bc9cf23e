"""Themes of documents that no label fits: groups of alike documents with low best scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import MissingExtra

LEAST_DOCUMENTS = 3
"""Documents that make a theme."""

# Documents whose best scores are in the lower half are grouped.
_LOW = 0.5
# The mean cosine distance up to which groups are joined.
_DISTANCE = 0.6
# A word that a larger share of all documents has tells nothing.
_COMMON = 0.3


@dataclass(frozen=True, slots=True)
class Group:
    """A group of documents, by their rows, the most typical first.

    Attributes:
        likeness: mean cosine similarity of two of its documents.
        label: row of the label that is nearest to all of them, and its mean cosine ``nearness``.
    """

    documents: Sequence[int]
    likeness: float
    label: int
    nearness: float

    @property
    def lack(self) -> float:
        """How much the documents lack a label: their number, and how far the nearest one is."""
        return len(self.documents) * (self.likeness - self.nearness)


def group_documents(
    vectors: NDArray[np.float32], best: NDArray[np.float32], labels: NDArray[np.float32]
) -> list[Group]:
    """Return groups of documents that lack a label, the one that lacks it most first.

    Documents of a group are more like each other than like any label.

    Args:
        vectors: float32[n, dimension], unit rows: the documents.
        best: float32[n], the best score of each.
        labels: float32[labels, dimension], unit rows.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import AgglomerativeClustering
    except ImportError as error:
        raise MissingExtra("evaluation", "finding themes") from error
    low = np.argsort(best, kind="stable")[: int(np.ceil(_LOW * len(best)))]
    if len(low) < LEAST_DOCUMENTS:
        return []
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=_DISTANCE
    )
    of = clustering.fit_predict(vectors[low])
    found = []
    for number in range(int(of.max()) + 1):
        rows = low[of == number]
        if len(rows) < LEAST_DOCUMENTS:
            continue
        group = _group(vectors, labels, rows)
        if group.lack > 0:
            found.append(group)
    return sorted(found, key=lambda group: -group.lack)


def _group(
    vectors: NDArray[np.float32], labels: NDArray[np.float32], rows: NDArray[np.int64]
) -> Group:
    middle = vectors[rows].mean(axis=0)
    count = len(rows)
    near = labels @ middle
    label = int(np.argmax(near))
    typical = rows[np.argsort(-(vectors[rows] @ middle), kind="stable")]
    # Of the products of all pairs, those of a document with itself do not count.
    likeness = (count * float(middle @ middle) - 1) / (count - 1)
    return Group(typical.tolist(), likeness, label, float(near[label]))


def telling_terms(
    texts: Sequence[str], groups: Sequence[Sequence[int]], most: int = 5
) -> list[list[str]]:
    """Return for each group the words and pairs of words that its texts have and others lack.

    Args:
        groups: rows of texts.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise MissingExtra("evaluation", "finding themes") from error
    vectorizer = TfidfVectorizer(
        stop_words="english", ngram_range=(1, 2), min_df=2, max_df=_COMMON, sublinear_tf=True
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no word is in two documents
        return [[] for _ in groups]
    names = vectorizer.get_feature_names_out()
    everywhere = np.asarray(weights.mean(axis=0)).ravel()
    found = []
    for rows in groups:
        inside = weights[list(rows)]
        telling = np.asarray(inside.mean(axis=0)).ravel() - everywhere
        # A term of a single document says what that document is about.
        telling[np.asarray((inside > 0).sum(axis=0)).ravel() < 2] = 0
        best = [names[at] for at in np.argsort(-telling, kind="stable") if telling[at] > 0]
        found.append(_distinct(best[: 4 * most])[:most])
    return found


def _distinct(terms: Sequence[str]) -> list[str]:
    """Return terms without single words that a pair of words among the first ones has."""
    # Words that follow themselves say no more than one of them.
    terms = [term for term in terms if len(set(term.split())) == len(term.split())]
    pairs = [term for term in terms if " " in term]
    in_pairs = {word for pair in pairs[:3] for word in pair.split()}
    return [term for term in terms if term not in in_pairs]
