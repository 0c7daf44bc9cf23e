"""Bands: which labels are applied to a document, which are suggested, and which are neither.

Both borders are probabilities that a label is right. The probability follows from how far a score
is above the label's threshold of ``score_threshold.py``, in standard deviations of the best scores,
and from how many labels of a document are above their thresholds: they compete, and where many do,
each is less likely right. All this is known without gold tags. docs/quality.md compares the
probabilities with gold tags.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.settings.label_bands import LabelBand

SUGGEST_FROM = 0.04
"""The probability from which a label is suggested, if nothing else is set."""

MOST_SUGGESTIONS = 10
"""The largest number of suggestions of a document: more would not be read."""

LEAST_PROBABILITY = 0.001
"""Probabilities are rounded to three decimals, and none is written as 0."""

NEVER = 1e6
"""A threshold that no score reaches."""

# Log-odds that a label at its threshold is right if one label of a document is above it, and what
# each standard deviation of the best scores adds. Chosen on two collections, confirmed on others
# (docs/quality.md).
_AT_THRESHOLD = -0.3
_PER_DEVIATION = 1.1
# Labels are applied from this probability at the latest.
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Bands:
    """The probability of a score, and the borders of the bands.

    Attributes:
        slope, intercept: log-odds of a score: slope · score + intercept + the label's offset.
        apply_from: the probability from which a label is applied.
        suggest_from: the probability from which a label is suggested.
        offsets: log-odds by label id (0 for others).
        of_labels: apply_from and suggest_from of single labels, by id.
        review_first: nothing is applied; what would be is suggested.
    """

    slope: float
    intercept: float
    apply_from: float
    suggest_from: float
    offsets: Mapping[str, float] = field(default_factory=dict)
    of_labels: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    review_first: bool = False

    def probability(self, label: str, score: float) -> float:
        """Return the probability that a label with this score is right."""
        return float(self.probabilities(np.array([score]), self.rows([label]))[0])

    def probabilities(
        self, scores: NDArray[np.floating], offsets: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the probabilities of scores, given the offset of the label of each."""
        odds = self.slope * np.asarray(scores, np.float64) + self.intercept + offsets
        found = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        return np.maximum(np.round(found, 3), LEAST_PROBABILITY)

    def rows(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """Return the offsets of labels, given by their ids: float32[labels]."""
        return np.array([self.offsets.get(id_, 0.0) for id_ in labels], dtype=np.float32)

    def apply_at(self, label: str | None = None) -> float:
        """Return the score from which a label (None: one without values of its own) is applied.

        It does not depend on ``review_first``.
        """
        return self._score(label, self._borders(label)[0])

    def suggest_at(self, label: str | None = None) -> float:
        """Return the score from which a label (None: as before) is suggested."""
        return self._score(label, self._borders(label)[1])

    def never_applied(self, label: str) -> bool:
        """Return whether the settings let nothing but a person apply a label."""
        return self._borders(label)[0] >= 1

    @property
    def own(self) -> set[str]:
        """The labels with borders of their own, by id."""
        return {*self.offsets, *self.of_labels}

    def _borders(self, label: str | None) -> tuple[float, float]:
        return self.of_labels.get(label or "", (self.apply_from, self.suggest_from))

    def _score(self, label: str | None, probability: float) -> float:
        if probability >= 1:
            return NEVER
        odds = math.log(probability / (1 - probability))
        offset = self.offsets.get(label or "", 0.0)
        return round((odds - self.intercept - offset) / self.slope, 4)


def choose_bands(
    threshold: float,
    spread: ScoreSpread,
    own_thresholds: Mapping[str, float],
    *,
    apply_from: float | None = None,
    suggest_from: float | None = None,
    of_labels: Mapping[str, LabelBand] | None = None,
    review_first: bool = False,
) -> Bands:
    """Return the bands of a tagger.

    Args:
        threshold: the general threshold of ``score_threshold.py``.
        own_thresholds: thresholds of labels that have their own, by id.
        apply_from: a probability (None: such that about half of the labels above their thresholds
            are applied, at most 0.5).
        suggest_from: a probability (None: :data:`SUGGEST_FROM`).
        of_labels: the probabilities of single labels, by id; of their second one, None is the
            general one.

    >>> bands = choose_bands(0.5, ScoreSpread(0.1, 2.0, 1.0), {"often": 0.45})
    >>> bands.suggest_at() < bands.apply_at(), bands.apply_at("often") < bands.apply_at()
    (True, True)
    """
    slope = round(_PER_DEVIATION / spread.deviation, 4)
    intercept = _AT_THRESHOLD - math.log(max(spread.tags, 1.0)) - slope * threshold
    suggested = SUGGEST_FROM if suggest_from is None else suggest_from
    if apply_from is None:
        odds = slope * (threshold + spread.upper * spread.deviation) + intercept
        chosen = min(_SURE, round(1 / (1 + math.exp(-odds)), 3))
        apply_from = max(chosen, suggested)
    suggested = min(suggested, apply_from)
    return Bands(
        slope=slope,
        intercept=round(intercept, 4),
        apply_from=apply_from,
        suggest_from=suggested,
        offsets={
            label: round(slope * (threshold - own), 4) for label, own in own_thresholds.items()
        },
        of_labels={
            label: (first, min(suggested, first) if second is None else second)
            for label, (first, second) in (of_labels or {}).items()
        },
        review_first=review_first,
    )
