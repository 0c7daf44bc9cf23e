"""Finds the best labels for embeddings, by comparing all or by searching the label index."""

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
"""Scores are rounded to four decimals."""

# Pairs of document and label whose scores are in memory at a time (64 MB).
_PAIRS = 16_000_000
# The largest number of labels that the label index returns for a document.
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
    """Search by ``nearest`` for versions with more than ``exact_labels`` labels."""

    exact_labels: int
    nearest: Nearest


class ComparedLabels:
    """The labels of a version, which are all compared with each document."""

    def __init__(self, version: TaggerVersion) -> None:
        self._version = version
        self._rows = version.rows()
        self._least = version.manifest.thresholds.rows(self._rows.ids)

    def current(self) -> LabelRows:
        """Return the current labels, which :meth:`best` uses from now on."""
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
    """The labels of a version, which the label index searches.

    Labels that changed after the version was made are compared directly, and results of the index
    about them are ignored. A document therefore sees a change completely or not at all, whatever
    the state of the index.
    """

    def __init__(self, version: TaggerVersion, nearest: Nearest) -> None:
        self._version = version
        self._nearest = nearest
        # The original labels, to which the changes are applied.
        none = np.empty((0, version.manifest.dimension), np.float32)
        self._changed = LabelRows.of([], [], none)
        self._touched: set[str] = set()
        empty = np.empty((version.manifest.labels, 0), np.float32)
        self._rows = version.original_rows(empty)
        self._row_of = {id_: row for row, id_ in enumerate(self._rows.ids)}

    def current(self) -> LabelRows:
        """Return the current labels without embeddings."""
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
        # Some of the nearest labels are left out: changed ones, and those that need a higher score
        # than others. More are requested to make up for them.
        k = max(most, min(most + len(self._touched) + len(least.own), _FOUND))
        found = self._nearest(manifest.encoder_digest, vectors, k)
        own_least = least.rows(self._changed.ids)
        changed = top_scores(vectors @ self._changed.embeddings.T, most, own_least)
        best: Best = []
        for ranking, own in zip(found, changed, strict=True):
            pairs = [
                (self._row_of[id_], round(score, 4))
                for id_, score in ranking
                # The index may contain labels that the version never had.
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
    """Return the k best columns of each row of float32[n, labels] at or above the threshold.

    Args:
        threshold: one for all labels, or float32[labels].

    Returns:
        Pairs of (column, score rounded to four decimals), best first. Equal scores are ordered by
        column, and no score is below :data:`LEAST_SCORE`.
    """
    if not scores.size:
        return [[] for _ in range(len(scores))]
    k = min(k, scores.shape[1])
    # Scores are rounded before they are compared. Labels with the same text then tie, and the model
    # inside the cluster makes the same choice.
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
