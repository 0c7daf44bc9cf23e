"""Which labels of a document count as right: its pseudo-positives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lmtx_search.records import PYes
from lmtx_search.training.settings import TrainingSettings

_EVEN = 0.5


def yes_threshold(p_yes: PYes, sure_share: float) -> float:
    """Return the P(yes) from which an answer is a sure yes.

    Small models are biased: one says yes to nearly everything, another to nearly nothing. A fixed
    border of one half would then give no pseudo-positives, or only wrong ones. The border is
    therefore relative: ``sure_share`` of the judged documents have a label that reaches it. It
    needs no gold tags.

    >>> yes_threshold({"a": {"x": 0.9, "y": 0.2}, "b": {"x": 0.3}}, sure_share=0.5)
    0.9
    """
    best = np.sort([max(of_labels.values()) for of_labels in p_yes.values() if of_labels])
    if not best.size:
        return _EVEN
    sure = max(1, round(sure_share * best.size))
    return float(best[best.size - sure])


def first_yes(settings: TrainingSettings) -> float:
    """Return the P(yes) that ends a document in the order ``until-first-yes``."""
    return _EVEN if settings.sure_yes_from is None else settings.sure_yes_from


def pseudo_positives(
    evidence: PYes, threshold: float, always_best: bool = True, rivals: float = 0.0
) -> dict[str, frozenset[str]]:
    """Return the sure labels of each document, and with ``always_best`` its best label in any case.

    The judge orders the labels of a document far better than it says yes or no, and a document
    that is left out teaches nothing. The authors of LMTX leave out documents without a sure label
    (``always_best=False``).

    Args:
        rivals: a label beside the best one is sure only if its odds are at least this share of the
            best label's odds.
    """
    positives: dict[str, frozenset[str]] = {}
    for document, of_labels in evidence.items():
        if not of_labels:
            continue
        best = max(sorted(of_labels), key=of_labels.__getitem__)
        sure = reaching(of_labels, max(threshold, _p(rivals * _odds(of_labels[best]))))
        if sure or always_best:
            positives[document] = sure | {best}
    return positives


def reaching(of_labels: Mapping[str, float], p_yes: float) -> frozenset[str]:
    """Return the labels with at least the given P(yes)."""
    return frozenset(label for label, p in of_labels.items() if p >= p_yes)


def maybe_right(
    of_labels: Mapping[str, float], shortlist: Sequence[tuple[str, float]], p_yes: float
) -> frozenset[str]:
    """Return the labels of a document that may be right and are therefore spared as negatives.

    These are the judged labels with at least the given P(yes), and the labels of the shortlist
    that were not judged. With a ``p_yes`` above 1 the result is empty.
    """
    if p_yes > 1:
        return frozenset()
    not_judged = {label for label, _ in shortlist if label not in of_labels}
    return reaching(of_labels, p_yes) | not_judged


def _odds(p: float) -> float:
    return p / max(1.0 - p, 1e-12)


def _p(odds: float) -> float:
    return odds / (1.0 + odds)
