"""How much a decision on one label of one document is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmtx_search.cluster.decisions.values import names_in
from lmtx_search.tag_fields import TagFields

SURE = 0.75
"""Tags that the tagger has applied with at least this probability are not asked about."""

UNKNOWN = 0.5
"""The probability of a suggestion of a tagger that is not calibrated."""


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

    The first decisions on a label tell most about it: how much its scores are too high or too low.
    The counts of documents enter as logarithms, so that a very frequent label does not fill the
    whole queue.

    Args:
        occurs: number of documents in which the label is a tag, a manual tag or a suggestion.
        changes: number of documents in which the label is a suggestion.
        decided: number of decisions on the label so far.
    """
    return math.log2(2 + occurs) * math.log2(2 + changes) / (1 + decided)


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
