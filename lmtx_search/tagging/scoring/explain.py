"""Why a text has the tags it has: scores, what they are worth, and what came near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.scoring.ranking import top_scores
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_matrix import LabelRows

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
    labels, manifest = tagger.labels(), tagger.manifest
    scores = tagger.scores(text, labels)
    least = manifest.thresholds.rows(labels.ids)
    tags = [row for row, _ in top_scores(scores[None], manifest.max_tags, least)[0]]
    near = np.argsort(-scores, kind="stable")[: len(tags) + _MISSED]
    missed = [int(row) for row in near if row not in tags]
    calibration = manifest.calibration
    return [
        Explanation(
            name=labels.names[row],
            label_id=labels.ids[row],
            score=round(float(scores[row]), 4),
            probability=None
            if calibration is None
            else round(calibration.probability(labels.ids[row], float(scores[row])), 3),
            assigned=row in tags,
            rivals=_rivals(labels, row, scores),
        )
        for row in tags + missed[:_MISSED]
    ]


def _rivals(labels: LabelRows, row: int, scores: NDArray[np.float32]) -> tuple[Rival, ...]:
    near = labels.embeddings @ labels.embeddings[row]
    near[row] = -np.inf
    best = np.argsort(-near, kind="stable")[: min(RIVALS, len(near) - 1)]
    return tuple(
        Rival(labels.names[other], round(float(near[other]), 4), round(float(scores[other]), 4))
        for other in best
    )
