"""Explains the tags of a text: scores, calibrated probabilities, and near misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import NEVER
from lmtx_search.encoder.reading import ReadTexts
from lmtx_search.tagging.scoring.ranking import ComparedLabels
from lmtx_search.tagging.scoring.tagger import Decision, Tagger
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest

RIVALS = 3
"""Labels nearest to a tag that are shown with it."""

_MISSED = 3
_LEFT_OUT = 10
# Labels nearest to a tag among which the one that it has beaten is looked for.
_NEAR = 10

Band = Literal["applied", "suggested", "neither"]
"""What becomes of a label for a text."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A label near a tag, with its ``similarity`` to the tag and its ``score`` for the text."""

    name: str
    similarity: float
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of a label for a text, and what encoder and words each contribute to it.

    Attributes:
        cosine: the cosine similarity of the embeddings of text and label.
        words: what the label's words in the text add to it (None: words do not count).
        offset: what the label gets in every text, because answers showed that its scores are too
            low (or too high, if it is negative).
        found_words: the label's words that the text has ("" if there are none).
        p_yes: the judge's P(yes) that the score corresponds to (None: the tagger is not
            calibrated).
        probability: how likely the label is right (None: the tagger has no bands).
        band: ``applied``, ``suggested`` or ``neither``.
        because: why it is in this band.
        assigned: whether the label is a tag.
        rivals: the labels nearest to it.
        beaten: of the ten labels nearest to it, the best one that scores less (None: all score at
            least as much).
    """

    name: str
    label_id: str
    score: float
    cosine: float
    words: float | None
    offset: float
    found_words: str
    p_yes: float | None
    probability: float | None
    band: Band
    because: str
    assigned: bool
    rivals: tuple[Rival, ...]
    beaten: Rival | None = None


def explain(
    tagger: Tagger,
    text: str,
    groups: frozenset[str] = frozenset(),
    rejected: frozenset[str] = frozenset(),
    manual: frozenset[str] = frozenset(),
) -> list[Explanation]:
    """Return the tags of a text, best first, the labels that come next, and what was left out.

    Of the labels that rules or people left out, the best ten are returned.

    Args:
        groups: as :meth:`Tagger.decide` has them.
        rejected, manual: as :meth:`Tagger.decide_read` has them.
    """
    if not text.strip():
        return []
    compared, manifest = tagger.compared(), tagger.manifest
    labels, read = compared.current(), tagger.reader.read([text])
    sides = compared.sides(read)
    scores = sides.scores
    (decision,) = tagger.decide_read(read, groups, compared, rejected, manual)
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    tags = [row_of[tag.label_id] for tag in decision.applied]
    also = [row_of[tag.label_id] for tag in decision.suggested]
    ruled, pool = _ruled(decision), decision.pool
    given = manual.difference(tag.name for tag in decision.applied)
    ruled |= dict.fromkeys(given, "a manual tag") | dict.fromkeys(rejected, "rejected by a person")
    left = [row for row, name in enumerate(labels.names) if name in rejected]
    left += [
        row_of[tag.label_id]
        for tag in (() if pool is None else (*pool.applied, *pool.suggested))
        if tag.name in ruled
    ]
    left = sorted(set(left) - {*tags, *also}, key=lambda row: -scores[row])
    shown = [*tags, *also, *left[:_LEFT_OUT]]
    near = np.argsort(-scores, kind="stable")[: len(shown) + _MISSED]
    missed = [int(row) for row in near if row not in shown]
    calibration, bands = manifest.calibration, manifest.bands
    band_of: dict[int, Band] = dict.fromkeys(also, "suggested")
    band_of |= dict.fromkeys(tags, "applied")
    found = []
    for row in shown + missed[:_MISSED]:
        label, score = labels.ids[row], float(scores[row])
        band = band_of.get(row, "neither")
        rivals = _rivals(labels, row, scores)
        found.append(
            Explanation(
                name=labels.names[row],
                label_id=label,
                score=round(score, 4),
                cosine=round(float(sides.cosines[row]), 4),
                words=None if sides.words is None else round(float(sides.words[row]), 4),
                offset=round(float(sides.offsets[row]), 4),
                found_words=_found_words(tagger, compared, read, label),
                p_yes=None
                if calibration is None
                else round(calibration.probability(label, score), 3),
                probability=None if bands is None else bands.probability(label, score),
                band=band,
                because=ruled.get(labels.names[row]) or _because(manifest, label, score, band),
                assigned=row in tags,
                rivals=tuple(rivals[:RIVALS]),
                beaten=_best_below(rivals, score),
            )
        )
    return found


def _ruled(decision: Decision) -> dict[str, str]:
    """Return the labels that a rule treats otherwise than their scores do, and the rule."""
    if decision.pool is None:
        return {}
    settled = decision.pool.settled
    implied = {name: f"implied by {by}" for name, by in settled.implied_by.items()}
    implied |= {
        name: f"implied by {by} (a manual tag)" for name, by in settled.implied_by_manual.items()
    }
    return {**settled.why, **implied}


def _because(manifest: Manifest, label: str, score: float, band: Band) -> str:
    """Return why a label with this score is in its band."""
    apply_at, suggest_at = (
        least.of(label) for least in (manifest.thresholds, manifest.suggested_from)
    )
    if band == "applied":
        return f"the score is {apply_at:g} or more"
    if round(score, 4) >= apply_at:
        return f"{manifest.max_tags} labels have higher scores"
    if band == "suggested":
        from_ = f"the score is {suggest_at:g} or more"
        if manifest.review_first:
            return f"{from_}, and documents.review_first applies nothing"
        return f"{from_} and below {apply_at:g}" if apply_at < NEVER else f"{from_}; never applied"
    if round(score, 4) >= suggest_at:
        return f"{manifest.most_suggested} suggestions have higher scores"
    return f"the score is below {suggest_at:g}" if suggest_at < NEVER else "never suggested"


def _found_words(tagger: Tagger, compared: ComparedLabels, read: ReadTexts, label: str) -> str:
    if compared.forms is None or read.words is None:
        return ""
    return tagger.reader.text_of(compared.forms.shared(label, read.words[0]))


def _rivals(labels: LabelRows, row: int, scores: NDArray[np.float32]) -> list[Rival]:
    near = labels.embeddings @ labels.embeddings[row]
    near[row] = -np.inf
    best = np.argsort(-near, kind="stable")[: min(_NEAR, len(near) - 1)]
    return [
        Rival(labels.names[other], round(float(near[other]), 4), round(float(scores[other]), 4))
        for other in best
    ]


def _best_below(rivals: Sequence[Rival], score: float) -> Rival | None:
    lower = [rival for rival in rivals if rival.score < round(score, 4)]
    return max(lower, key=lambda rival: rival.score, default=None)
