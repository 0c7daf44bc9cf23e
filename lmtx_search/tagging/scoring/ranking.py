"""Which labels score best with an embedding: all are compared, or the label index is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.thresholds import LEAST_SCORE
from lmtx_search.tagging.versions.version import TaggerVersion

ROUNDING = np.float32(10_000)
"""Scores have four decimals."""

# Scores of this many pairs of document and label are held at a time (64 MB).
_PAIRS = 16_000_000
# The label index is asked for no more labels of a document.
_FOUND = 1000

Best = list[list[tuple[int, float]]]
"""For each document (row of the labels, score), best first."""


class Nearest(Protocol):
    """Finds labels near to embeddings, in an index."""

    def __call__(
        self, encoder_digest: str, vectors: NDArray[np.float32], k: int
    ) -> Sequence[Sequence[tuple[str, float]]]:
        """Return for each of float32[n, dimension] its k nearest labels: (id, cosine)."""
        ...


@dataclass(frozen=True, slots=True)
class LabelSearch:
    """For versions with more than ``exact_labels`` labels: they are found by ``nearest``."""

    exact_labels: int
    nearest: Nearest


class ComparedLabels:
    """A version's labels, all of which are compared with each document."""

    def __init__(self, version: TaggerVersion) -> None:
        self._version = version
        self._rows = version.rows()
        self._least = version.manifest.thresholds.rows(self._rows.ids)

    def current(self) -> LabelRows:
        """Return the labels as they are now; :meth:`best` goes by these from here on."""
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
            self._least = self._version.manifest.thresholds.rows(self._rows.ids)
        return self._rows

    def best(self, vectors: NDArray[np.float32]) -> Best:
        """Return the labels that are tags of documents float32[n, dimension]."""
        manifest, labels = self._version.manifest, self._rows
        step = max(1, _PAIRS // max(1, len(labels.ids)))
        best: Best = []
        for start in range(0, len(vectors), step):
            scores = vectors[start : start + step] @ labels.embeddings.T
            best += top_scores(scores, manifest.max_tags, self._least)
        return best


class SearchedLabels:
    """A version's labels, which the label index finds.

    Those that changed since the version was made are compared, and what the index says of them is
    left out: a document sees a change as a whole, wherever the index is with it.
    """

    def __init__(self, version: TaggerVersion, nearest: Nearest) -> None:
        self._version = version
        self._nearest = nearest
        # As it was made, so that the changes are told from it.
        none = np.empty((0, version.manifest.dimension), np.float32)
        self._changed = LabelRows.of([], [], none)
        self._touched: set[str] = set()
        empty = np.empty((version.manifest.labels, 0), np.float32)
        self._rows = version.original_rows(empty)
        self._row_of = {id_: row for row, id_ in enumerate(self._rows.ids)}

    def current(self) -> LabelRows:
        """Return the labels as they are now, without embeddings."""
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
            self._changed = self._changed.after(change)
            self._touched.update((label.id for label in change.puts), change.retired)
            self._row_of = {id_: row for row, id_ in enumerate(self._rows.ids)}
        return self._rows

    def best(self, vectors: NDArray[np.float32]) -> Best:
        """Return the labels that are tags of documents float32[n, dimension]."""
        if not len(vectors):
            return []
        manifest = self._version.manifest
        most, least = manifest.max_tags, manifest.thresholds
        # Changed ones take places among the nearest, and are left out of them; so may those be
        # that need a higher score than others.
        k = max(most, min(most + len(self._touched) + len(least.own), _FOUND))
        found = self._nearest(manifest.encoder_digest, vectors, k)
        own_least = least.rows(self._changed.ids)
        changed = top_scores(vectors @ self._changed.embeddings.T, most, own_least)
        best: Best = []
        for ranking, own in zip(found, changed, strict=True):
            pairs = [
                (self._row_of[id_], round(score, 4))
                for id_, score in ranking
                # A label of the index that the version never had is none of its.
                if round(score, 4) >= least.of(id_)
                and id_ in self._row_of
                and id_ not in self._touched
            ]
            pairs += [(self._row_of[self._changed.ids[row]], score) for row, score in own]
            best.append(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:most])
        return best


def top_scores(
    scores: NDArray[np.float32], k: int, threshold: float | NDArray[np.float32]
) -> list[list[tuple[int, float]]]:
    """Return for each row of float32[n, labels] its k best columns at or above the threshold.

    The threshold is one, or float32[labels].

    Pairs of (column, score rounded to four decimals), best first, of equal scores the first
    column; none below :data:`LEAST_SCORE`.
    """
    if not scores.size:
        return [[] for _ in range(len(scores))]
    k = min(k, scores.shape[1])
    # Rounded before they are compared: labels of the same text are then equal, and the model that
    # the cluster runs chooses the same.
    scores = np.round(scores * ROUNDING) / ROUNDING
    scores = np.where(scores >= np.asarray(threshold, np.float32), scores, np.float32(0))
    lowest = np.partition(scores, -k, axis=1)[:, -k]
    least = np.maximum(lowest, np.float32(LEAST_SCORE))
    best: list[list[tuple[int, float]]] = []
    for row, enough in zip(scores, least, strict=True):
        columns = np.flatnonzero(row >= enough)
        order = np.argsort(-row[columns], kind="stable")[:k]
        best.append([(int(i), round(float(row[i]), 4)) for i in columns[order]])
    return best
