"""Statistics of the judge's answers: yes by rank, and how often the answers are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lmtx_search.records import Judgment

_RANKS = 20
_BINS = 5
LEAST = 50
"""Answers with a known truth that a calibration needs."""


@dataclass(frozen=True, slots=True)
class AnswerStatistics:
    """Statistics of a judge's answers.

    Attributes:
        total: number of answers.
        p_yes: all values, for a histogram.
        yes_by_rank: (rank from 1, share of yes, number of answers).
        calibration: (mean P(yes), share that is right, number of answers) of each fifth; empty if
            too few truths are known.
        known: number of answers whose truth is known.
    """

    total: int
    p_yes: list[float]
    yes_by_rank: list[tuple[int, float, int]]
    calibration: list[tuple[float, float, int]]
    known: int


def answer_statistics(
    judgments: Sequence[Judgment], yes_from: float, truth: Callable[[Judgment], bool | None]
) -> AnswerStatistics:
    """Return the statistics of a judge's answers.

    Args:
        truth: tells whether the label of a judgment is right (None: unknown).
    """
    by_rank: dict[int, list[bool]] = defaultdict(list)
    pairs = []
    for one in judgments:
        if one.rank < _RANKS:
            by_rank[one.rank].append(one.p_yes >= yes_from)
        right = truth(one)
        if right is not None:
            pairs.append((one.p_yes, float(right)))
    return AnswerStatistics(
        total=len(judgments),
        p_yes=[one.p_yes for one in judgments],
        yes_by_rank=[
            (rank + 1, float(np.mean(yes)), len(yes)) for rank, yes in sorted(by_rank.items())
        ],
        calibration=_calibration(pairs) if len(pairs) >= LEAST else [],
        known=len(pairs),
    )


def _calibration(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float, int]]:
    """Return fifths of the answers, by P(yes)."""
    table = np.array(sorted(pairs))
    return [
        (float(part[:, 0].mean()), float(part[:, 1].mean()), len(part))
        for part in np.array_split(table, _BINS)
    ]
