"""The scores from which labels become tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration

LEAST_SCORE = 1e-4
"""Least score of a tag at any threshold, because neural-search accepts only positive weights."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least score of a tag: ``general``, or that of a label in ``own``, by id."""

    general: float
    own: Mapping[str, float] = field(default_factory=dict)

    def of(self, label: str) -> float:
        """Return a label's threshold."""
        return max(self.own.get(label, self.general), LEAST_SCORE)

    def rows(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """Return the thresholds of labels, given by their ids, as float32[labels]."""
        rows = np.full(len(labels), max(self.general, LEAST_SCORE), dtype=np.float32)
        if self.own:
            for row, label in enumerate(labels):
                if label in self.own:
                    rows[row] = self.of(label)
        return rows


def own_thresholds(
    threshold: float,
    calibration: Calibration | None,
    highest: float = 1.0,
    lowered: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return the thresholds of labels that documents name or that were judged often, by id.

    A label that many documents name has a lower threshold. For a label that was judged often, the
    answers of the judge and of people move it from there: little after few answers, and never far
    (``Calibration.shift``).

    Args:
        highest: the largest score that a label can have.
        lowered: by how much the threshold of a label is lower, by id
            (``encoder/score_threshold.py``).
    """
    lowered = lowered or {}
    moved = {label: threshold - value for label, value in lowered.items()}
    if calibration is not None:
        for label in calibration.offsets:
            moved[label] = moved.get(label, threshold) - calibration.shift(label)
    return {
        label: round(min(highest, max(LEAST_SCORE, value)), 4) for label, value in moved.items()
    }
