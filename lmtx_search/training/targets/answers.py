"""What the judge and people said about pairs of document and label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.records import PYes

STEEPNESS = 1.5
"""Small judges understate their certainty: their log-odds are multiplied by this."""

# Larger log-odds of a small model carry no information.
_LARGEST = 4.0


@dataclass(frozen=True)
class Answers:
    """What is known of some pairs, by document id, then by label id.

    Attributes:
        judge: the judge's P(yes).
        people: 1.0 (right) or 0.0 (wrong). These answers decide.
    """

    judge: PYes
    people: PYes

    def right(self) -> dict[str, dict[str, float]]:
        """Return how likely each label is right, in [0, 1]."""
        found = {
            document: {
                label: float(1 / (1 + np.exp(-STEEPNESS * odds)))
                for label, odds in of_labels.items()
            }
            for document, of_labels in centered_odds(self.judge).items()
        }
        for document, of_labels in self.people.items():
            found[document] = {**found.get(document, {}), **of_labels}
        return found


def centered_odds(p_yes: PYes) -> dict[str, dict[str, float]]:
    """Return by how much the log-odds of each answer exceed the mean of its document.

    A single answer of a document would say nothing then, so it is compared with the mean of all
    answers.

    >>> centered_odds({"d": {"a": 0.5, "b": 0.5}})
    {'d': {'a': 0.0, 'b': 0.0}}
    """
    odds = {
        document: _odds(list(of_labels.values()))
        for document, of_labels in p_yes.items()
        if of_labels
    }
    of_all = float(np.concatenate(list(odds.values())).mean()) if odds else 0.0
    found = {}
    for document, values in odds.items():
        mean = values.mean() if len(values) > 1 else of_all
        found[document] = dict(zip(p_yes[document], (values - mean).tolist(), strict=True))
    return found


def _odds(p_yes: Sequence[float]) -> NDArray[np.float64]:
    p = np.array(p_yes).clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)).clip(-_LARGEST, _LARGEST))
