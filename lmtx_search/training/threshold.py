"""The cosine score from which a label is assigned, chosen without gold tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.training.shortlist import Ranking

COVERAGE = 0.9
"""Share of documents that shall get at least one tag."""

_DEFAULT = 0.3


def choose_threshold(
    rankings: Sequence[Ranking], calibration: Calibration | None = None
) -> tuple[float, str]:
    """Return the score from which a label is a tag, and the rule that it comes from.

    It is the one with the highest expected F1: of the labels that score at least that, the
    calibration says how many are right. It is never higher than what the first label of nine of
    ten documents reaches; where there is no calibration, it is that. (bench/threshold.py compares
    both with the best threshold that gold tags could choose.)

    Args:
        rankings: the trained encoder's nearest labels of held-out documents, as many as a document
            gets tags at most.
        calibration: what its scores are worth.
    """
    rankings = [ranking for ranking in rankings if ranking]
    if not rankings:
        return _DEFAULT, "default: there were no held-out documents"
    covering = float(np.quantile([ranking[0][1] for ranking in rankings], 1 - COVERAGE))
    if calibration is not None:
        best = _of_best_f1(rankings, calibration)
        if best < covering:
            return best, "highest expected F1"
    return covering, f"{COVERAGE:.0%} of documents get a tag"


def _of_best_f1(rankings: Sequence[Ranking], calibration: Calibration) -> float:
    """Return the score from which assigned labels have the highest expected micro F1."""
    # As a label without an offset would have it: labels have thresholds of their own.
    scores = np.array(
        [
            score + calibration.offsets.get(label, 0.0) / calibration.slope
            for ranking in rankings
            for label, score in ranking
        ]
    )
    scores = -np.sort(-scores)
    right = np.array([calibration.probability("", score) for score in scores])
    assigned = np.arange(1, len(scores) + 1)
    f1 = 2 * np.cumsum(right) / (assigned + right.sum())
    return float(scores[int(np.argmax(f1))])
