"""What a judge's answers are worth: P(yes), calibrated without gold tags."""

from __future__ import annotations

import math
from collections.abc import Mapping

Answers = Mapping[str, Mapping[str, float]]
"""A number by document id and label id."""

NEARNESS = 6.0
"""What a nearness of 1 is worth, in logits of P(yes)."""
# Beyond it a small model's certainty says nothing.
_LARGEST = 8.0


def calibrate(p_yes: Answers, nearness: Answers) -> dict[str, dict[str, float]]:
    """Return P(yes) of each pair with the encoder's opinion added to the judge's.

    A small judge knows things that the encoder does not, and the other way round; where they err
    they err on other pairs. Both are added as evidence, in logits: which labels are right is
    then told better than by either of them (bench/judge_quality.py).

    Args:
        p_yes: the judge's answers.
        nearness: by how much the pairs' cosines exceed the mean of their shortlist; 0 where there
            is none. A document's mean tells nothing: how near labels are at all differs between
            documents.

    >>> calibrate({"d": {"a": 0.5, "b": 0.5}}, {"d": {"b": 0.4}})
    {'d': {'a': 0.5, 'b': 0.9168273035060777}}
    """
    return {
        document: {
            label: _sigmoid(_logit(p) + NEARNESS * nearness.get(document, {}).get(label, 0.0))
            for label, p in said.items()
        }
        for document, said in p_yes.items()
    }


def doubtful(answers: Answers, yes_from: float, logits: float) -> dict[str, frozenset[str]]:
    """Return each document's labels that are a yes, or miss being one by less than so many logits.

    They may well be right: a document is not to be pushed away from them.
    """
    border = _logit(yes_from) - logits
    return {
        document: frozenset(label for label, p in said.items() if _logit(p) > border)
        for document, said in answers.items()
    }


def _logit(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return _LARGEST if p >= 1.0 else -_LARGEST
    return max(-_LARGEST, min(_LARGEST, math.log(p / (1.0 - p))))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
