"""The cosine score from which a label is assigned, chosen without gold tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.training.shortlist import Ranking

COVERAGE = 0.9
"""Share of documents that should get a tag."""

# Right labels of a document for each right one that the calibration expects among its nearest: F1
# counts right labels beyond those that were judged too.
_RIGHT_IN_ALL = 2.0
_DEFAULT = 0.3


def choose_threshold(
    rankings: Sequence[Ranking], calibration: Calibration | None = None
) -> tuple[float, str]:
    """Return the score from which a label is a tag, and the rule that it follows.

    The threshold is the mean of two estimates that err on different collections. The first is the
    score that the first label of nine in ten documents reaches, which is too high if documents have
    many labels. The second is the score with the highest expected F1 according to the calibration,
    which is too low if documents have few labels. Without a calibration only the first is used.
    bench/threshold.py compares the result with the best threshold according to gold tags.

    Args:
        rankings: the trained encoder's nearest labels of held-out documents, as many as a document
            can have tags.
        calibration: of the trained encoder's scores.
    """
    rankings = [ranking for ranking in rankings if ranking]
    if not rankings:
        return _DEFAULT, "default: there were no held-out documents"
    covering = float(np.quantile([ranking[0][1] for ranking in rankings], 1 - COVERAGE))
    if calibration is not None:
        middle = (covering + _of_best_f1(rankings, calibration)) / 2
        return middle, f"between {COVERAGE:.0%} of documents with a tag and the best expected F1"
    return covering, f"{COVERAGE:.0%} of documents get a tag"


def _of_best_f1(rankings: Sequence[Ranking], calibration: Calibration) -> float:
    """Return the threshold with the highest expected micro F1."""
    # Scores as if labels had no offsets, since those labels get thresholds of their own.
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
    f1 = 2 * np.cumsum(right) / (assigned + _RIGHT_IN_ALL * right.sum())
    return float(scores[int(np.argmax(f1))])
