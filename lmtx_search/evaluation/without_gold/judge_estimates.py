"""Measures from the answers of a judge about a sample of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lmtx_search.evaluation.without_gold.prediction_powered import JudgedEstimate, estimate
from lmtx_search.evaluation.without_gold.sampled_documents import SampledDocument
from lmtx_search.records import PYes

YES = 0.5
"""The P(yes) of a yes, if people have answered too few pairs to tell."""
MISSING = "documents lacking an obvious tag"

# Pairs that judge and person must both have answered before the border of a yes follows people.
_LEAST_PAIRS = 20
# Share of the reviewed documents that need answers for a measure: some are skipped.
_REVIEWED = 0.8


def read_yes(judged: PYes, people: PYes) -> tuple[float, int, float | None]:
    """Return the P(yes) from which the judge means yes, and how often it is then right.

    Small models say yes too rarely or too often. If people have answered at least twenty of its
    pairs, with yes and with no, the border is the one that best separates their yes from their no
    (by the mean of both shares). Otherwise it is one half.

    Returns:
        The border, the number of pairs that both have answered, and the share of these pairs on
        which they agree (None: there are no such pairs).
    """
    both = [
        (p_yes[label], answer)
        for document, answers in people.items()
        for label, answer in answers.items()
        if label in (p_yes := judged.get(document, {}))
    ]
    if not both:
        return YES, 0, None
    said, right = np.array(both).T
    yes_from = YES
    if len(both) >= _LEAST_PAIRS and 0 < right.mean() < 1:
        borders = [YES, *sorted(set(said.tolist()))]
        yes_from = max(borders, key=lambda border: _balanced(said >= border, right > 0.5))
    return float(yes_from), len(both), float(((said >= yes_from) == (right > 0.5)).mean())


def estimates(
    samples: Sequence[SampledDocument], judged: PYes, people: PYes, yes_from: float
) -> dict[str, JudgedEstimate]:
    """Return P@1, P@5 and the share of documents that lack an obvious tag.

    An obvious tag is one of the next five labels after the assigned ones. A document is left out of
    a measure if the judge did not answer one of the labels that it needs.

    Args:
        samples: in the order in which they were drawn, which is also the order of a review.
    """
    found = {}
    reviewed = max((n for n, one in enumerate(samples) if one.document.id in people), default=-1)
    for measure, value in _MEASURES.items():
        rows = []
        shown = 0
        for number, one in enumerate(samples):
            p_yes = judged.get(one.document.id, {})
            judge_says = value(one, {label: float(p >= yes_from) for label, p in p_yes.items()})
            if judge_says is not None:
                # Without a label to check there is no answer either, whatever the measure gives.
                checked = people.get(one.document.id)
                person_says = value(one, checked) if checked else None
                rows.append((judge_says, np.nan if person_says is None else person_says))
                shown += number <= reviewed
        if rows:
            table = np.array(rows, dtype=np.float64)
            known = ~np.isnan(table[:, 1])
            if known.sum() < _REVIEWED * shown:
                # The review was of another system. Its answers that apply here are about labels
                # that both systems found, and these are right more often than others.
                table[:, 1] = np.nan
            found[measure] = estimate(table[:, 0], table[:, 1])
    return found


def _precision(k: int) -> Callable[[SampledDocument, Mapping[str, float]], float | None]:
    def value(one: SampledDocument, answers: Mapping[str, float]) -> float | None:
        first = one.first[:k]
        if any(label not in answers for label in first):
            return None
        return sum(answers[label] for label in first) / k

    return value


def _missing(one: SampledDocument, answers: Mapping[str, float]) -> float | None:
    if any(label not in answers for label in one.near):
        return None
    return max((answers[label] for label in one.near), default=0.0)


_MEASURES = {"P@1": _precision(1), "P@5": _precision(5), MISSING: _missing}


def _balanced(yes: Any, right: Any) -> float:
    return float((yes[right].mean() + (~yes[~right]).mean()) / 2)
