"""Which labels count as what the judge said yes to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Judged = Mapping[str, Mapping[str, float]]
"""P(yes) by document id and label id."""


def yes_threshold(judged: Judged, answered_share: float) -> float:
    """Return the P(yes) from which an answer counts as a yes.

    Small models are biased: one says yes to nearly everything, another to nearly nothing, and with
    one half as the border there would be no pseudo-positives or only wrong ones. The border is
    therefore relative: the one at which ``answered_share`` of the judged documents have a label
    that reaches it. It needs no gold tags. The documents whose best label convinced the judge
    least get none.

    >>> yes_threshold({"a": {"x": 0.9, "y": 0.2}, "b": {"x": 0.3}}, answered_share=0.5)
    0.9
    """
    best = np.sort([max(labels.values()) for labels in judged.values() if labels])
    if not best.size:
        return 0.5
    kept = max(1, round(answered_share * best.size))
    return float(best[best.size - kept])


def pseudo_positives(judged: Judged, threshold: float) -> dict[str, frozenset[str]]:
    """Return the labels at or above the threshold, for each document that has any."""
    positives = {
        document: frozenset(label for label, p_yes in labels.items() if p_yes >= threshold)
        for document, labels in judged.items()
    }
    return {document: labels for document, labels in positives.items() if labels}
