"""How much a decision on one label of one document is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmtx_search.cluster.decisions.values import names_in
from lmtx_search.tag_fields import TagFields

SURE = 0.75
"""Tags that the tagger has applied with at least this probability are not asked about."""

UNKNOWN = 0.5
"""The probability of a suggestion of a tagger that is not calibrated."""

FIRST_LABELS = 3
"""Open labels of a document, the most probable ones, on which decisions teach most."""

OF_A_LATER_LABEL = 0.1
"""What a decision on another label of the document is worth, compared with one of the first."""


@dataclass(frozen=True, slots=True)
class Open:
    """A label that people have not decided on.

    ``applied``: it is a tag already, else a suggestion. ``probability`` is None if the tagger is
    not calibrated.
    """

    tag: str
    applied: bool
    score: float | None
    probability: float | None


def uncertainty(probability: float | None) -> float:
    """Return 1 for a probability of one half, falling to 0 for a certain yes or no: 4p(1 - p)."""
    p = UNKNOWN if probability is None else probability
    return 4 * p * (1 - p)


def label_weight(occurs: int, changes: int, decided: int = 0) -> float:
    """Return what a decision on a label is worth where nothing is known of the document.

    Decisions say how much the scores of a label are too high or too low. With a prior that counts
    as much as two decisions (:data:`~lmtx_search.training.targets.label_offsets.RIDGE`), the
    variance of that after n decisions is 1 / (2 + n), so one more lowers it by
    1 / ((2 + n)(3 + n)). It matters in as many documents as have the label.

    Args:
        occurs: number of documents in which the label is a tag, a manual tag or a suggestion.
        changes: number of documents in which the label is a suggestion.
        decided: number of decisions on the label so far.
    """
    return math.sqrt((1 + occurs) * (1 + changes)) / ((2 + decided) * (3 + decided))


def worth_of(labels: Sequence[Open], weight: Callable[[str], float]) -> dict[str, float]:
    """Return what a decision on each open label of a document is worth.

    That is its uncertainty times its weight, and :data:`OF_A_LATER_LABEL` of it behind the
    document's first labels.

    Args:
        weight: returns the weight of a label.
    """
    by_probability = sorted(
        labels,
        key=lambda one: (-(UNKNOWN if one.probability is None else one.probability), one.tag),
    )
    return {
        one.tag: uncertainty(one.probability)
        * weight(one.tag)
        * (1.0 if place < FIRST_LABELS else OF_A_LATER_LABEL)
        for place, one in enumerate(by_probability)
    }


def open_labels(source: Mapping[str, Any], fields: TagFields) -> list[Open]:
    """Return the suggestions and the unsure tags of a document without people's decisions."""
    done = {*names_in(source, fields.manual), *names_in(source, fields.rejected)}
    found = []
    suggestions = _entries(source.get(fields.suggestion_scores))
    for tag in names_in(source, fields.suggested):
        score, probability = suggestions.get(tag, (None, None))
        found.append(Open(tag, False, score, probability))
    for tag, (score, probability) in _entries(source.get(fields.scores)).items():
        if probability is not None and probability < SURE:
            found.append(Open(tag, True, score, probability))
    return [one for one in found if one.tag not in done]


def _entries(scores: Any) -> dict[str, tuple[float | None, float | None]]:
    entries = scores if isinstance(scores, list) else []
    return {
        str(one["tag"]): (one.get("score"), one.get("probability"))
        for one in entries
        if isinstance(one, Mapping) and "tag" in one
    }
