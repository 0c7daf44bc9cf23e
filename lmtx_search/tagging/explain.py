"""Why a text has the tags it has: scores, what they are worth, and what came near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmtx_search.tagging.scorer import Tagger

RIVALS = 3
"""Labels nearest to a tag that are shown with it."""

_MISSED = 3


@dataclass(frozen=True, slots=True)
class Rival:
    """A label that is near to a tag: ``similarity`` is theirs, ``score`` the text's with it."""

    name: str
    similarity: float
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A label and a text.

    ``probability`` is the P(yes) of the judge that the score corresponds to, None where the tagger
    was not calibrated; ``assigned`` whether the label is a tag.
    """

    name: str
    label_id: str
    score: float
    probability: float | None
    assigned: bool
    rivals: tuple[Rival, ...]


def explain(tagger: Tagger, text: str) -> list[Explanation]:
    """Return the text's tags, best first, and the labels that came next."""
    if not text.strip():
        return []
    scores = tagger.scores([text])[0]
    manifest = tagger.manifest
    assigned = len(tagger.tag([text])[0])
    best = np.argsort(-scores, kind="stable")[: assigned + _MISSED]
    calibration = manifest.calibration
    return [
        Explanation(
            name=tagger.names[row],
            label_id=tagger.ids[row],
            score=round(float(scores[row]), 4),
            probability=None
            if calibration is None
            else round(calibration.probability(tagger.ids[row], float(scores[row])), 3),
            assigned=place < assigned,
            rivals=_rivals(tagger, int(row), scores),
        )
        for place, row in enumerate(best)
    ]


def _rivals(tagger: Tagger, row: int, scores: np.ndarray) -> tuple[Rival, ...]:
    near = tagger.embeddings @ tagger.embeddings[row]
    near[row] = -np.inf
    best = np.argsort(-near, kind="stable")[: min(RIVALS, len(near) - 1)]
    return tuple(
        Rival(tagger.names[other], round(float(near[other]), 4), round(float(scores[other]), 4))
        for other in best
    )
