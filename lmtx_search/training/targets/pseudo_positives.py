"""Which labels count as what the judge said yes to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from lmtx_search.training.settings import TrainingSettings

Judged = Mapping[str, Mapping[str, float]]
"""P(yes) by document id and label id."""


def yes_threshold(judged: Judged, sure_share: float) -> float:
    """Return the P(yes) from which an answer is a sure yes.

    Small models are biased: one says yes to nearly everything, another to nearly nothing, and with
    one half as the border there would be no pseudo-positives or only wrong ones. The border is
    therefore relative: the one at which ``sure_share`` of the judged documents have a label that
    reaches it. It needs no gold tags.

    >>> yes_threshold({"a": {"x": 0.9, "y": 0.2}, "b": {"x": 0.3}}, sure_share=0.5)
    0.9
    """
    best = np.sort([max(labels.values()) for labels in judged.values() if labels])
    if not best.size:
        return 0.5
    kept = max(1, round(sure_share * best.size))
    return float(best[best.size - kept])


def pseudo_positives(
    judged: Judged, threshold: float, always_best: bool = True, rivals: float = 0.0
) -> dict[str, frozenset[str]]:
    """Return each document's sure labels, and the one that the judge likes best in any case.

    The judge orders the labels of a document far better than it says yes or no, and a document
    left out teaches nothing. Without ``always_best`` (as LMTX's authors have it), documents
    without a sure label are left out.

    Args:
        rivals: a label beside a document's best is sure only if its odds are at least this share of
            the best one's.
    """
    found: dict[str, frozenset[str]] = {}
    for document, labels in judged.items():
        if not labels:
            continue
        best = max(sorted(labels), key=labels.__getitem__)
        sure = reaching(labels, max(threshold, _p(rivals * _odds(labels[best]))))
        if sure or always_best:
            found[document] = sure | {best}
    return found


def _odds(p: float) -> float:
    return p / max(1.0 - p, 1e-12)


def _p(odds: float) -> float:
    return odds / (1.0 + odds)


def reaching(labels: Mapping[str, float], p_yes: float) -> frozenset[str]:
    """Return the labels whose P(yes) is at least that."""
    return frozenset(label for label, p in labels.items() if p >= p_yes)


def maybe_right(
    labels: Mapping[str, float], shortlist: Sequence[tuple[str, float]], p_yes: float
) -> frozenset[str]:
    """Return the labels of a document that may be right, and so are no negatives of it.

    These are the judged ones whose P(yes) is at least that, and those of its shortlist that nobody
    was asked about. With a ``p_yes`` above 1 there are none.
    """
    if p_yes > 1:
        return frozenset()
    unasked = {label for label, _ in shortlist if label not in labels}
    return reaching(labels, p_yes) | unasked


def first_yes(settings: TrainingSettings) -> float:
    """Return the P(yes) from which an answer ends a document in the order until-first-yes."""
    if settings.yes_above is not None:
        # Answers are compared with "at least"; this is the least number above.
        return math.nextafter(settings.yes_above, math.inf)
    return 0.5
