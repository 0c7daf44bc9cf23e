"""How much too high or too low the scores of each label are, by the answers to some questions.

Encoders give some labels too high scores in all documents, and others too low ones. A few hundred
answers show which: on four data sets, the offsets of labels are most of what separates an encoder
from one that was trained on gold tags. A judge that reads the same shortlist with the same
prejudice for all of its labels still orders them, so its answers count relative to the mean of
their document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import LARGEST, LEAST_SLOPE
from lmtx_search.records import Document
from lmtx_search.training.targets.answers import Answers

RIDGE = 2.0
"""Precision of the prior of each offset around zero, in answers: rarely judged labels stay."""

# Variance of the mean log-odds of all answers, around zero. Without it, answers that are all of one
# kind would be laid on the intercept, and say nothing about any label.
_OF_MEAN = 4.0


class Scorer(Protocol):
    """An encoder that scores pairs."""

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        """Return (document id, label id, score) for each document with its given labels."""
        ...


def label_offsets(
    scores: Sequence[float],
    columns: Sequence[int],
    right: Sequence[float],
    by_people: Sequence[bool],
    labels: int,
) -> NDArray[np.float32]:
    """Return what has to be added to the scores of each label: float32[labels].

    A logistic regression with one slope, one intercept and a shrunken offset of each label. The
    offset is at most ``LARGEST`` for labels that mostly a judge was asked about. Calibration may
    move the threshold of a label by as much again.

    Args:
        scores: of n pairs of document and label.
        columns: the label of each pair.
        right: how likely each pair is right, in [0, 1].
        by_people: whether a person said so.
        labels: number of labels.
    """
    # Imported here, because only training needs it.
    from scipy.optimize import minimize

    if not len(scores):
        return np.zeros(labels, dtype=np.float32)
    x, column, y = np.asarray(scores), np.asarray(columns), np.asarray(right)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, intercept, offsets = weights[0], weights[1], weights[2:]
        odds = slope * x + intercept + offsets[column]
        wrong = 1 / (1 + np.exp(-odds)) - y
        mean = slope * x.mean() + intercept
        value = (np.logaddexp(0, odds) - y * odds).sum() + RIDGE / 2 * (offsets**2).sum()
        value += mean**2 / (2 * _OF_MEAN)
        of_common = [wrong @ x + mean * x.mean() / _OF_MEAN, wrong.sum() + mean / _OF_MEAN]
        of_labels = np.bincount(column, wrong, labels) + RIDGE * offsets
        return float(value), np.concatenate([of_common, of_labels])

    start = np.zeros(2 + labels)
    start[0] = LEAST_SLOPE
    # A higher score never speaks against a label.
    bounds = [(0, None), *[(None, None)] * (1 + labels)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    offsets = np.asarray(found[2:] / max(found[0], LEAST_SLOPE), dtype=np.float32)
    decided = 2 * np.bincount(column, by_people, labels) >= np.bincount(column, minlength=labels)
    return np.where(decided, offsets, np.clip(offsets, -LARGEST, LARGEST))


def fit_label_offsets(
    scorer: Scorer, documents: Sequence[Document], answers: Answers
) -> dict[str, float]:
    """Return the offset of each label that was asked about, by id, for the scores of an encoder."""
    right = answers.right()
    asked = [document for document in documents if document.id in right]
    scored = scorer.scores(asked, {document.id: list(right[document.id]) for document in asked})
    return offsets_by_id(scored, answers)


def offsets_by_id(scored: Sequence[tuple[str, str, float]], answers: Answers) -> dict[str, float]:
    """Return the offset of each label that was asked about, by id.

    Args:
        scored: (document id, label id, score) of the pairs that the answers are about.
    """
    right = answers.right()
    ids = sorted({label for _, label, _ in scored})
    column_of = {id_: column for column, id_ in enumerate(ids)}
    offsets = label_offsets(
        [score for _, _, score in scored],
        [column_of[label] for _, label, _ in scored],
        [right[document][label] for document, label, _ in scored],
        [label in answers.people.get(document, {}) for document, label, _ in scored],
        len(ids),
    )
    return dict(zip(ids, np.round(offsets.astype(float), 5).tolist(), strict=True))
