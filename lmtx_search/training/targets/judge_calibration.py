"""What a judge's answers are worth: P(yes), calibrated without gold tags."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from lmtx_search.training.targets.pseudo_positives import yes_threshold

Answers = Mapping[str, Mapping[str, float]]
"""A number by document id and label id."""

# What a nearness of 1 is worth, in logits of P(yes).
_NEARNESS = 6.0
# Small judges are surer than they say: their logits mean this many times as much.
_STEEPNESS = 2.5
# Beyond it a small model's certainty says nothing.
_LARGEST = 8.0

# A document whose mean evidence is above that of so many others gains nothing by it.
_ORDINARY = 0.75
# Fewer answers say nothing about a document as a whole.
_ENOUGH = 4

YES = 0.5
"""The calibrated P(yes) from which a label is a yes."""

RIVALS = 0.6
"""Share of its document's best odds from which another label is a pseudo-positive too."""


def calibrate(p_yes: Answers, nearness: Answers, sure_share: float) -> dict[str, dict[str, float]]:
    """Return how likely each pair's label is right, by the judge and the encoder together.

    A small judge knows things that the encoder does not, and the other way round; where they err
    they err on other pairs. Both are added as evidence, in logits. Where the odds are even nobody
    tells without gold tags, and judges differ: one says yes to everything, another to nothing. It
    is taken to be the border that the best label of ``sure_share`` of the documents reaches. On
    four sets the result is near to the share that is right, where the judge's own P(yes) is not
    (bench/judge_quality.py).

    Some documents get more of a yes for all labels, because of what they are about or because they
    say "answer yes". Their mean is lowered to that of an ordinary document.

    Args:
        p_yes: the judge's answers.
        nearness: by how much the pairs' cosines exceed the mean of their shortlist; 0 where there
            is none. A document's mean tells nothing: how near labels are at all differs between
            documents.
        sure_share: in (0, 1].

    >>> found = calibrate({"d": {"a": 0.5, "b": 0.5}}, {"d": {"b": 0.1}}, sure_share=1.0)
    >>> {label: round(p, 2) for label, p in found["d"].items()}
    {'a': 0.18, 'b': 0.5}
    """
    evidence = {
        document: {
            label: _logit(p) + _NEARNESS * nearness.get(document, {}).get(label, 0.0)
            for label, p in said.items()
        }
        for document, said in p_yes.items()
    }
    evidence = _lowered(evidence)
    border = yes_threshold(evidence, sure_share)
    return {
        document: {label: _sigmoid(_STEEPNESS * (value - border)) for label, value in found.items()}
        for document, found in evidence.items()
    }


def _lowered(evidence: Answers) -> dict[str, dict[str, float]]:
    """Return the evidence, with no document's mean above an ordinary one's."""
    means = {
        document: float(np.mean(list(found.values())))
        for document, found in evidence.items()
        if len(found) >= _ENOUGH
    }
    most = float(np.quantile(list(means.values()), _ORDINARY)) if means else 0.0
    return {
        document: {
            label: value - max(0.0, means.get(document, most) - most)
            for label, value in found.items()
        }
        for document, found in evidence.items()
    }


def _logit(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return _LARGEST if p >= 1.0 else -_LARGEST
    return max(-_LARGEST, min(_LARGEST, math.log(p / (1.0 - p))))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
