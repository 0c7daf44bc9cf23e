"""Finds the best labels for texts by comparing all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.nearest import rows_at_a_time
from lmtx_search.encoder.reading import LabelForms, ReadTexts
from lmtx_search.tagging.scoring.label_sets import Banded, BandedRows, Best, banded_of_sets
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.thresholds import LEAST_SCORE
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.evidence import LabelWords

ROUNDING = np.float32(10_000)
"""Scores are rounded to four decimals."""


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


@dataclass(frozen=True, slots=True)
class Sides:
    """What makes up the scores of one text: float32[labels] each.

    Attributes:
        words: the weighted evidence from words (None: words do not count).
        offsets: what each label gets in every text.
    """

    cosines: NDArray[np.float32]
    words: NDArray[np.float32] | None
    offsets: NDArray[np.float32]

    @property
    def scores(self) -> NDArray[np.float32]:
        """The sum."""
        return self.cosines if self.words is None else self.cosines + self.words + self.offsets


class ComparedLabels:
    """The labels of a version, which are all compared with each text.

    Attributes:
        forms: the labels as words (None: words do not count).
    """

    def __init__(self, version: TaggerVersion, forms: LabelForms | None = None) -> None:
        self._version = version
        self._rows = version.original_rows(version.embeddings())
        self._rules = version.rules()
        self._least = BandedRows.of(version.manifest, self._rules, self._rows.ids)
        self.forms = forms
        self._words: LabelWords | None = None
        if forms is not None:
            forms.put(version.original_labels())
            self._words = forms.of(self._rows.ids)
        self.current()

    def current(self) -> LabelRows:
        """Return the current labels, which :meth:`best` uses from now on."""
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
            self._least = BandedRows.of(self._version.manifest, self._rules, self._rows.ids)
            if self.forms is not None:
                self.forms.put(change.puts)
                self._words = self.forms.of(self._rows.ids)
        return self._rows

    def best(self, read: ReadTexts) -> Banded:
        """Return the labels that are tags of each text, and those that are suggested."""
        labels, least = self._rows, self._least
        step = rows_at_a_time(len(labels.ids))
        tags: list[Best] = [[] for _ in least]
        near: list[Best] = [[] for _ in least]
        for start in range(0, len(read.vectors), step):
            rows = slice(start, start + step)
            scores = read.vectors[rows] @ labels.embeddings.T
            if self._words is not None and self.forms is not None:
                words = read.words_by_vector()[rows]
                self._words.scores(words, self.forms.weights, plus=scores)
            for one, of_tags, of_near in zip(least, tags, near, strict=True):
                of_tags += top_scores(scores, one.most, one.apply)
                if one.suggest is not None:
                    of_near += top_scores(scores, one.most + one.most_suggested, one.suggest)
        return banded_of_sets(least, tags, near, read.counts)

    def sides(self, read: ReadTexts) -> Sides:
        """Return what makes up the scores of one text."""
        cosines: NDArray[np.float32] = (read.vectors @ self._rows.embeddings.T).max(axis=0)
        if self._words is None or self.forms is None or read.words is None:
            return Sides(cosines, None, np.zeros_like(cosines))
        offsets = self._words.offsets
        words = self._words.scores(read.words, self.forms.weights)[0] - offsets
        return Sides(cosines, words, offsets)

    def scores(self, read: ReadTexts, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return the scores of a few labels for each text: float32[texts, rows]."""
        starts = np.cumsum([0, *read.counts[:-1]])
        cosines = read.vectors @ self._rows.embeddings[rows].T
        scores: NDArray[np.float32] = np.maximum.reduceat(cosines, starts, axis=0)
        if self.forms is not None and read.words is not None:
            words = self.forms.of([self._rows.ids[row] for row in rows])
            words.scores(read.words, self.forms.weights, plus=scores)
        return scores


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
    least = np.maximum(np.asarray(threshold, np.float32), np.float32(LEAST_SCORE))
    # Only a few labels score enough, so the others are left out before anything is sorted.
    near = least - 1 / ROUNDING
    rows, columns = np.nonzero(scores >= near)
    # Scores are rounded before they are compared. Labels with the same text then tie, and the
    # model inside the cluster makes the same choice.
    values = np.round(scores[rows, columns] * ROUNDING) / ROUNDING
    enough = values >= (least if least.ndim == 0 else least[columns])
    rows, columns, values = rows[enough], columns[enough], values[enough]
    order = np.lexsort((columns, -values, rows))
    scored = np.round(values[order].astype(float), 4)
    pairs = zip(columns[order].tolist(), scored.tolist(), strict=True)
    counts = np.bincount(rows, minlength=len(scores)).tolist()
    return [list(islice(pairs, count))[:k] for count in counts]
