"""Finds the best labels for texts by searching the label index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.reading import LabelForms, ReadTexts
from lmtx_search.tagging.scoring.label_sets import Banded, BandedRows, Best, banded_of_sets
from lmtx_search.tagging.scoring.ranking import Nearest, top_scores
from lmtx_search.tagging.versions.label_changes import LabelChange
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.tokens import Tokens

CANDIDATES = 50
"""Labels with the best evidence from words that are compared, and as many more of the nearest."""

# The largest number of labels that the label index returns for a document.
_FOUND = 1000

Candidates = tuple[Sequence[str], NDArray[np.float32]]
"""The ids of labels that were compared with an embedding, and their scores."""


class SearchedLabels:
    """The labels of a version, which the label index searches.

    Labels that changed after the version was made are compared directly, and results of the index
    about them are ignored. A document therefore sees a change completely or not at all, whatever
    the state of the index. If words count, the labels with the best evidence from words are
    candidates beside the nearest ones, and every candidate is compared exactly.
    """

    def __init__(
        self, version: TaggerVersion, nearest: Nearest, forms: LabelForms | None = None
    ) -> None:
        self._version = version
        self._nearest = nearest
        least = version.manifest.thresholds
        # Labels with a lower threshold need no more: their words find them.
        self._higher = sum(value > least.general for value in least.own.values())
        # The original labels, to which the changes are applied.
        none = np.empty((0, version.manifest.dimension), np.float32)
        self._changed = LabelRows.of([], [], none)
        self._touched: set[str] = set()
        empty = np.empty((version.manifest.labels, 0), np.float32)
        self._rows = version.original_rows(empty)
        self._row_of = {id_: row for row, id_ in enumerate(self._rows.ids)}
        self._rules = version.rules()
        self._least = BandedRows.of(version.manifest, self._rules, self._rows.ids)
        self._worded = None if forms is None else WordedLabels(version, self._rows.ids, forms)

    def current(self) -> LabelRows:
        """Return the current labels without embeddings."""
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
            self._changed = self._changed.after(change)
            self._touched.update((label.id for label in change.puts), change.retired)
            self._row_of = {id_: row for row, id_ in enumerate(self._rows.ids)}
            self._least = BandedRows.of(self._version.manifest, self._rules, self._rows.ids)
            if self._worded is not None:
                self._worded.follow(change, self._changed.ids)
        return self._rows

    def best(self, read: ReadTexts) -> Banded:
        """Return the labels that are tags of each text, and those that are suggested."""
        if not len(read.vectors):
            return [], []
        manifest, least = self._version.manifest, self._least
        most = len(least) * (least[0].most + least[0].most_suggested)
        # Some of the nearest labels are left out: changed ones, and those that need a higher score
        # than others. More are requested to make up for them.
        more = len(self._touched) + self._higher + (0 if self._worded is None else CANDIDATES)
        k = max(most, min(most + more, _FOUND))
        found = self._nearest(manifest.encoder_digest, read.vectors, k)
        scores = read.vectors @ self._changed.embeddings.T
        if self._worded is not None:
            near = self._worded.candidates(read, found)
            scores += self._worded.of_changed(read.words_by_vector())
        else:
            near = [self._compared(ranking) for ranking in found]
        changed = np.array([self._row_of[id_] for id_ in self._changed.ids], dtype=np.int64)
        tags: list[Best] = [[] for _ in least]
        suggested: list[Best] = [[] for _ in least]
        for (ids, of_ids), own in zip(near, scores, strict=True):
            there = [at for at, id_ in enumerate(ids) if id_ not in self._touched]
            rows = np.concatenate([[self._row_of[ids[at]] for at in there], changed])
            rows = rows.astype(np.int64)
            values = np.concatenate([of_ids[there], own]).astype(np.float32)
            order = np.argsort(rows)  # of equal scores, the first labels are taken
            rows, values = rows[order], values[order]
            for of_set, of_tags, near_tags in zip(least, tags, suggested, strict=True):
                of_tags.append(_best(rows, values, of_set.most, of_set.apply))
                if of_set.suggest is not None:
                    near_tags.append(_best(rows, values, most, of_set.suggest))
        return banded_of_sets(least, tags, suggested, read.counts)

    def _compared(self, ranking: Sequence[tuple[str, float]]) -> Candidates:
        """Return the labels of the version, as the index compared them."""
        # The index may contain labels that the version never had.
        known = [(id_, score) for id_, score in ranking if id_ in self._row_of]
        return [id_ for id_, _ in known], np.array([score for _, score in known], np.float32)


class WordedLabels:
    """Compares candidates among a version's labels, by encoder and words together.

    Candidates are the labels that the index found, and those with the best evidence from words.
    """

    def __init__(self, version: TaggerVersion, ids: Sequence[str], forms: LabelForms) -> None:
        self._ids = ids
        self._embeddings = version.embeddings(in_memory=False)
        self._row_of = {id_: row for row, id_ in enumerate(ids)}
        self._unchanged = np.ones(len(ids), dtype=bool)
        self._forms = forms
        forms.put(version.original_labels())
        self._words = forms.of(ids)
        self._changed = forms.of([])

    def follow(self, change: LabelChange, changed: Sequence[str]) -> None:
        """Leave out the labels of a change from now on; ``changed`` are compared by the caller."""
        self._forms.put(change.puts)
        for id_ in (*(label.id for label in change.puts), *change.retired):
            if (row := self._row_of.get(id_)) is not None:
                self._unchanged[row] = False
        self._changed = self._forms.of(changed)

    def of_changed(self, words: Sequence[Tokens]) -> NDArray[np.float32]:
        """Return the weighted evidence of changed labels: float32[n, changed]."""
        return self._changed.scores(words, self._forms.weights)

    def candidates(
        self, read: ReadTexts, found: Sequence[Sequence[tuple[str, float]]]
    ) -> list[Candidates]:
        """Return for each embedding the unchanged labels that are compared.

        Args:
            found: the labels that the index found for each embedding.
        """
        compared: list[Candidates] = []
        last: Tokens | None = None
        for vector, words, ranking in zip(read.vectors, read.words_by_vector(), found, strict=True):
            if words is not last:
                evidence = self._words.scores([words], self._forms.weights)[0]
                evidence[~self._unchanged] = 0
                worded = _highest(evidence, CANDIDATES)
                last = words
            near = [self._row_of[id_] for id_, _ in ranking if id_ in self._row_of]
            rows = np.union1d(np.array(near, dtype=np.int64), worded)
            rows = rows[self._unchanged[rows]]
            scores = self._embeddings[rows] @ vector + evidence[rows]
            compared.append(([self._ids[row] for row in rows], scores))
        return compared


def _best(
    rows: NDArray[np.int64], scores: NDArray[np.float32], k: int, least: NDArray[np.float32]
) -> list[tuple[int, float]]:
    """Return the k best of these rows that score enough: (row, score)."""
    (best,) = top_scores(scores[None], k, least[rows])
    return [(int(rows[at]), score) for at, score in best]


def _highest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the places of the k highest positive values."""
    places = np.flatnonzero(values > 0)
    if len(places) > k:
        places = places[np.argpartition(-values[places], k - 1)[:k]]
    return places
