"""Calibrates the answers of a judge without gold tags."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from lmtx_search.records import PYes
from lmtx_search.training.targets.pseudo_positives import yes_threshold

Logits = Mapping[str, Mapping[str, float]]
"""Log-odds that a label is right, by document id, then by label id."""

# Logits of P(yes) that a nearness of 1 adds.
_NEARNESS = 6.0
# Small judges understate their certainty: their logits are multiplied by this.
_STEEPNESS = 2.5
# A larger logit of a small model carries no information.
_LARGEST = 8.0

# A document whose mean logit is above this quantile of all documents is lowered to it.
_ORDINARY = 0.75
# With fewer answers a document's mean is not reliable.
_ENOUGH = 4

YES = 0.5
"""The calibrated P(yes) from which a label is a yes."""

RIVALS = 0.6
"""A label with this share of the best label's odds is a pseudo-positive of the document too."""


def calibrate(p_yes: PYes, nearness: PYes, sure_share: float) -> dict[str, dict[str, float]]:
    """Return the evidence: how likely each pair's label is right, by judge and encoder together.

    A small judge knows things that the encoder does not, and the encoder knows things that the
    judge does not. They err on different pairs, so their logits are added. The point of even odds
    is unknown without gold tags, and judges differ: one says yes to everything, another to nothing.
    It is taken to be the border that the best label of ``sure_share`` of the documents reaches. On
    four data sets the result is close to the share of right labels, while the judge's own P(yes) is
    not (bench/judge_quality.py).

    The judge leans towards yes for all labels of some documents, because of their topic or because
    they say "answer yes". The mean of such a document is lowered to that of an ordinary one.

    Args:
        p_yes: the judge's answers.
        nearness: by how much the cosine of each pair exceeds the mean of its shortlist (0 for a
            missing pair). The mean itself is not used, because it differs between documents.
        sure_share: in (0, 1].

    >>> found = calibrate({"d": {"a": 0.5, "b": 0.5}}, {"d": {"b": 0.1}}, sure_share=1.0)
    >>> {label: round(p, 2) for label, p in found["d"].items()}
    {'a': 0.18, 'b': 0.5}
    """
    logits = _lowered(
        {
            document: {
                label: _logit(p) + _NEARNESS * nearness.get(document, {}).get(label, 0.0)
                for label, p in of_labels.items()
            }
            for document, of_labels in p_yes.items()
        }
    )
    border = yes_threshold(logits, sure_share)
    return {
        document: {
            label: _sigmoid(_STEEPNESS * (logit - border)) for label, logit in of_labels.items()
        }
        for document, of_labels in logits.items()
    }


def _lowered(logits: Logits) -> dict[str, dict[str, float]]:
    """Return the logits, with no document's mean above that of an ordinary document."""
    means = {
        document: float(np.mean(list(of_labels.values())))
        for document, of_labels in logits.items()
        if len(of_labels) >= _ENOUGH
    }
    most = float(np.quantile(list(means.values()), _ORDINARY)) if means else 0.0
    return {
        document: {
            label: logit - max(0.0, means.get(document, most) - most)
            for label, logit in of_labels.items()
        }
        for document, of_labels in logits.items()
    }


def _logit(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return _LARGEST if p >= 1.0 else -_LARGEST
    return max(-_LARGEST, min(_LARGEST, math.log(p / (1.0 - p))))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))
