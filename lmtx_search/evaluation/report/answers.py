"""The judge's answers: how often it says yes at which rank, and how often yes is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lmtx_search.records import Judgment

_RANKS = 20
_BINS = 5
LEAST = 50
"""With fewer answers whose truth is known, calibration says nothing."""


@dataclass(frozen=True, slots=True)
class AnswerStatistics:
    """What a judge said.

    Attributes:
        total: answers. p_yes: the values, for a histogram.
        yes_by_rank: (rank from 1, share of yes, answers).
        calibration: (mean P(yes), share that is right, answers) of each fifth; empty where too
            little is known. known: answers whose truth is known.
    """

    total: int
    p_yes: list[float]
    yes_by_rank: list[tuple[int, float, int]]
    calibration: list[tuple[float, float, int]]
    known: int


def answer_statistics(
    judgments: Sequence[Judgment], yes_from: float, truth: Callable[[str, str], bool | None]
) -> AnswerStatistics:
    """Sum a judge's answers up.

    Args:
        truth: of document id and label id: whether the label is right; None: nobody knows.
    """
    by_rank: dict[int, list[bool]] = defaultdict(list)
    pairs = []
    for one in judgments:
        if one.rank < _RANKS:
            by_rank[one.rank].append(one.p_yes >= yes_from)
        right = truth(one.document_id, one.label_id)
        if right is not None:
            pairs.append((one.p_yes, float(right)))
    return AnswerStatistics(
        total=len(judgments),
        p_yes=[one.p_yes for one in judgments],
        yes_by_rank=[
            (rank + 1, float(np.mean(said)), len(said)) for rank, said in sorted(by_rank.items())
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
