"""Themes of documents that no label fits: groups of alike documents with low best scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import MissingExtra
from lmtx_search.gaps.similarity import cosine_of, relative, unrelated_cosine
from lmtx_search.gaps.usable import UsableLabels

LEAST_DOCUMENTS = 3
"""Documents that make a theme."""

# Documents whose best scores are in the lower half are grouped.
_LOW = 0.5
# The mean similarity (similarity.py) down to which groups are joined.
_SIMILAR = 0.37
# Where most pairs of documents are alike by this much more than documents and labels are, all of
# them are about one subject, and no pair shows how alike unrelated documents are.
_ONE_SUBJECT = 0.2


@dataclass(frozen=True, slots=True)
class Group:
    """A group of documents, by their rows, the most typical first.

    Similarities are relative: 0 is that of documents, or of a document and a label, that have
    nothing in common.

    Attributes:
        likeness: mean similarity of two of its documents.
        label: row of the label that is nearest to all of them, and its mean similarity
            ``nearness``.
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
    vectors: NDArray[np.float32],
    best: NDArray[np.float32],
    labels: NDArray[np.float32],
    usable: UsableLabels | None = None,
) -> list[Group]:
    """Return groups of documents that lack a label, the one that lacks it most first.

    Documents of a group are more like each other than like any label.

    Args:
        vectors: float32[n, dimension], unit rows: the documents.
        best: float32[n], the best score of each.
        labels: float32[labels, dimension], unit rows.
        usable: which labels the documents may have (None: all of them). A label that most of a
            group may not have is not near it.

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
    with_labels = unrelated_cosine(vectors, labels)
    unrelated = min(unrelated_cosine(vectors), with_labels + _ONE_SUBJECT), with_labels
    clustering = AgglomerativeClustering(
        n_clusters=None,
        metric="cosine",
        linkage="average",
        distance_threshold=1 - cosine_of(_SIMILAR, unrelated[0]),
    )
    of = clustering.fit_predict(vectors[low])
    found = []
    for number in range(int(of.max()) + 1):
        rows = low[of == number]
        if len(rows) < LEAST_DOCUMENTS:
            continue
        may_have = None if usable is None else usable.of_most(rows)
        group = _group(vectors, labels, rows, unrelated, may_have)
        if group.lack > 0:
            found.append(group)
    return sorted(found, key=lambda group: -group.lack)


def _group(
    vectors: NDArray[np.float32],
    labels: NDArray[np.float32],
    rows: NDArray[np.int64],
    unrelated: tuple[float, float],
    may_have: NDArray[np.bool_] | None,
) -> Group:
    """Return the group of some rows.

    Args:
        unrelated: the cosine of two unrelated documents, and of a document and a label.
        may_have: bool[labels], those that most of the documents may have (None: all).
    """
    middle = vectors[rows].mean(axis=0)
    count = len(rows)
    near = labels @ middle
    if may_have is not None:
        near = np.where(may_have, near, -np.inf)
    label = int(np.argmax(near))
    typical = rows[np.argsort(-(vectors[rows] @ middle), kind="stable")]
    # Of the products of all pairs, those of a document with itself do not count.
    likeness = (count * float(middle @ middle) - 1) / (count - 1)
    of_documents, of_labels = unrelated
    return Group(
        typical.tolist(),
        relative(likeness, of_documents),
        label,
        relative(float(near[label]), of_labels),
    )
