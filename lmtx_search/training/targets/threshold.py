"""The cosine score from which a label is assigned, chosen without gold tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.training.shortlist import Ranking

COVERAGE = 0.9
"""Share of documents that shall get a tag."""

# Right labels of a document, for each that the calibration expects among its nearest: what is right
# beyond them nobody has judged, and it counts in F1.
_RIGHT_IN_ALL = 2.0
_DEFAULT = 0.3


def choose_threshold(
    rankings: Sequence[Ranking], calibration: Calibration | None = None
) -> tuple[float, str]:
    """Return the score from which a label is a tag, and the rule that it comes from.

    Two estimates are averaged, for they err on different collections: the score that the first
    label of nine of ten documents reaches, which is too high where documents have many labels, and
    the one with the highest expected F1, which is too low where they have few (of the labels that
    score at least that, the calibration says how many are right). bench/threshold.py compares it
    with the best threshold that gold tags could choose. Without a calibration it is the first.

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
        middle = (covering + _of_best_f1(rankings, calibration)) / 2
        return middle, f"between {COVERAGE:.0%} of documents with a tag and the best expected F1"
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
    f1 = 2 * np.cumsum(right) / (assigned + _RIGHT_IN_ALL * right.sum())
    return float(scores[int(np.argmax(f1))])
