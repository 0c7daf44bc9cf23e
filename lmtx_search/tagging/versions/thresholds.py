"""From which score a label is a tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration

LEAST_SCORE = 1e-4
"""Least score of a tag, whatever the threshold: neural-search takes positive weights only."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least cosine score of a tag: ``general``, or a label's ``own`` by its id."""

    general: float
    own: Mapping[str, float] = field(default_factory=dict)

    def of(self, label: str) -> float:
        """Return a label's threshold."""
        return max(self.own.get(label, self.general), LEAST_SCORE)

    def rows(self, labels: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[labels], the thresholds of labels by their ids."""
        rows = np.full(len(labels), max(self.general, LEAST_SCORE), dtype=np.float32)
        if self.own:
            for row, label in enumerate(labels):
                if label in self.own:
                    rows[row] = self.of(label)
        return rows


def own_thresholds(threshold: float, calibration: Calibration | None) -> dict[str, float]:
    """Return the thresholds of labels that were judged often, by id.

    At each the judge's P(yes) is that of the general threshold; they are as near to it as the
    calibration's offsets, shrunken by few answers, are to none.
    """
    if calibration is None:
        return {}
    moved = {
        label: threshold - value / calibration.slope for label, value in calibration.offsets.items()
    }
    return {label: round(min(1.0, max(LEAST_SCORE, value)), 4) for label, value in moved.items()}
