"""The cosine score from which a label is assigned, chosen without gold tags and without a judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

COVERAGE = 0.9
"""Share of documents that shall get at least one tag.

On four public sets the threshold of this rule is within one point of the best F1 that any single
threshold reaches (bench/threshold.py). The best F1 against a small judge's yes was not: it says yes
so rarely that most documents were left without a tag.
"""

_DEFAULT = 0.3


def choose_threshold(
    first_scores: Sequence[float], coverage: float = COVERAGE
) -> tuple[float, str]:
    """Return the score that the first label of this share of documents reaches, and the rule.

    Args:
        first_scores: the trained encoder's score of each held-out document's first label.
        coverage: share of documents that shall get a tag, in (0, 1].
    """
    if not len(first_scores):
        return _DEFAULT, "default: there were no held-out documents"
    return float(np.quantile(first_scores, 1 - coverage)), f"{coverage:.0%} of documents get a tag"
