"""The cosine score from which a label is assigned, chosen without gold tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# With fewer answers, or fewer yes among them, the best F1 would be chance.
_LEAST_PAIRS = 30
_LEAST_YES = 8


def choose_threshold(
    scores: Sequence[float], said_yes: Sequence[bool], first_scores: Sequence[float]
) -> tuple[float, str]:
    """Return the score with the best F1 against the judge's yes on held-out pairs, and how.

    Args:
        scores: the trained encoder's cosine of each judged pair. said_yes: what the judge said.
        first_scores: the score of each held-out document's first label. Where too few pairs were
            judged, the threshold is the lowest quarter of these: three of four documents get a tag.
    """
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    sorted_scores = np.asarray(scores, dtype=float)[order]
    yes = np.asarray(said_yes, dtype=bool)[order]
    if len(scores) < _LEAST_PAIRS or yes.sum() < _LEAST_YES:
        if not len(first_scores):
            return 0.3, "default: nothing was judged"
        return float(np.quantile(first_scores, 0.25)), "too few judged pairs: first labels' quarter"
    hits = np.cumsum(yes)
    taken = np.arange(1, len(yes) + 1)
    f1 = 2 * hits / (taken + yes.sum())
    # A threshold between equal scores cannot be: only the last of them is a candidate.
    last = np.append(sorted_scores[1:] < sorted_scores[:-1], True)
    best = int(np.argmax(np.where(last, f1, -1.0)))
    below = sorted_scores[best + 1] if best + 1 < len(yes) else sorted_scores[best]
    return float((sorted_scores[best] + below) / 2), "best F1 against the judge's yes"
