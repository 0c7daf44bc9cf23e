"""The form in which a tagger answers the pipeline: one map from names to positive numbers.

A character of the private use area before a name says what the number is, unless it is the score of
a tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lmtx_search.tagging.scoring.facts import RULE
from lmtx_search.tagging.scoring.settle import Facts, Settled, best_first, settle, sums_above

SUGGESTED = "\ue040"
"""Before the name of a suggested label: its score."""

PROBABILITY = "\ue025"
"""Before the name of a tag or of a suggested label: the probability that it is right."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tagger says about a text, by name: scores best first, and probabilities."""

    tags: Mapping[str, float]
    suggested: Mapping[str, float]
    broader: Mapping[str, float]
    probabilities: Mapping[str, float]


def answer_of(
    weights: Mapping[str, float],
    rejected: frozenset[str] = frozenset(),
    manual: frozenset[str] = frozenset(),
    groups: frozenset[str] = frozenset(),
) -> Answer:
    """Return what the pipeline writes into a document.

    Args:
        weights: the numbers by name, with marks.
        rejected: names that people rejected, which are left out.
        manual: people's own tags, which are not suggested, and take part in the rules.
        groups: of the document: labels that are for other groups are left out.
    """
    parts: dict[str, dict[str, float]] = {SUGGESTED: {}, PROBABILITY: {}, RULE: {}}
    tags: dict[str, float] = {}
    for name, value in weights.items():
        if (part := parts.get(name[:1])) is not None:
            part[name[1:]] = value
        else:
            tags[name] = value
    probabilities = parts[PROBABILITY]
    facts = Facts.of(parts[RULE])
    if facts.are_rules:
        found = settle(tags, parts[SUGGESTED], facts, rejected, manual, groups)
        tags, suggested = found.tags, found.suggested
        probabilities = _with_implied(probabilities, found)
    else:
        tags = _best_first(tags, rejected)
        suggested = _best_first(parts[SUGGESTED], rejected | manual)
    above = sums_above(tags, facts, manual, groups)
    broader = _best_first(above, rejected | tags.keys())
    return Answer(tags, suggested, broader, probabilities)


def _with_implied(probabilities: Mapping[str, float], found: Settled) -> dict[str, float]:
    """Return probabilities; a tag that another one implies has that of the other one.

    A label that only a manual tag implies has none.
    """
    implied = {
        name: probabilities[by] for name, by in found.implied_by.items() if by in probabilities
    }
    own = {name: one for name, one in probabilities.items() if name not in found.implied_by_manual}
    return {**own, **implied}


def _best_first(scores: Mapping[str, float], but: frozenset[str]) -> dict[str, float]:
    return dict(best_first({name: score for name, score in scores.items() if name not in but}))
