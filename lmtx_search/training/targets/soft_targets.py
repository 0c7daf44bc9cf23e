"""What all documents teach: which labels are likely, by scores that neighbours and answers correct.

The scores of one encoder are wrong for single documents more often than for a group of similar
documents, and labels that are near to everything are seldom the first label of anything. So the
scores of a document are mixed with those of its nearest documents (label propagation: Zhou et al.,
"Learning with Local and Global Consistency", NIPS 2003), each label gains by how often it comes
first, and the answers of the judge and of people are added. The next encoder learns the result as
probabilities (Hinton et al., arXiv 1503.02531), so that a document teaches more than one label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from lmtx_search.records import Document, Label, PYes
from lmtx_search.training.named_documents import without_names
from lmtx_search.training.targets.answers import Answers, centered_odds
from lmtx_search.training.targets.label_offsets import label_offsets

NEIGHBOURS = 12
"""The number of nearest documents whose scores count."""

SHARE_OF_NEIGHBOURS = 0.35
"""How much their mean counts beside the document's own scores."""

FREQUENCY = 0.02
"""What a label gains for each unit of ``log(1 + n)``, n: the documents that have it first."""

# From the first share of documents on that have the same label first, labels gain less for being
# frequent, and from the second on nothing: such a label may be one that is near everything.
_COMMON = (0.15, 0.3)

ANSWER = 0.1
"""What a label gains in a document for each unit of log-odds above the mean of the document."""

TEMPERATURE = 0.05
"""Scores are divided by it before they become probabilities."""

LABELS_PER_DOCUMENT = 8
"""A document teaches about this many of its labels, and about those of its batch."""

_SHARE_WITHOUT_NAMES = 0.5
# The names of this many of a document's best labels are taken out of it.
_NAMED = 5

# A label that a person confirmed is above all others by this much, and one that was refused below.
_SURE = 0.1

# Rows of similarities that are in memory at a time.
_ROWS = 512

Scores = NDArray[np.float32]
"""float32[n, m]: the scores of m labels for n documents."""


@dataclass(frozen=True)
class SoftTargets:
    """What the next encoder learns.

    Attributes:
        documents: n documents.
        labels: m labels.
        scores: float32[n, m].
    """

    documents: Sequence[Document]
    labels: Sequence[Label]
    scores: Scores


def soft_targets(
    documents: Sequence[Document],
    labels: Sequence[Label],
    scores: Scores,
    embeddings: NDArray[np.float32],
    answers: Answers,
) -> SoftTargets:
    """Return what n documents teach about m labels.

    Args:
        scores: of the encoder before, with words.
        embeddings: float32[n, dimension], rows of length 1: which documents are similar.
    """
    found = add_frequency(propagate(scores, embeddings))
    row_of = {document.id: row for row, document in enumerate(documents)}
    column_of = {label.id: column for column, label in enumerate(labels)}
    judged = _by_place(centered_odds(answers.judge), row_of, column_of)
    decided = _by_place(answers.people, row_of, column_of)
    right = _by_place(answers.right(), row_of, column_of)
    found += label_offsets(
        [float(found[place]) for place in right],
        [column for _, column in right],
        list(right.values()),
        [place in decided for place in right],
        len(labels),
    )
    for place, odds in judged.items():
        found[place] += ANSWER * odds
    highest, lowest = found.max(axis=1), found.min(axis=1)
    for (row, column), yes in decided.items():
        found[row, column] = highest[row] + _SURE if yes else lowest[row] - _SURE
    return SoftTargets(documents, labels, found)


def without_some_names(
    documents: Sequence[Document],
    labels: Sequence[Label],
    best: NDArray[np.int64],
    seed: int,
) -> list[str]:
    """Return the texts of documents, half of them without the names of their best labels.

    The encoder learns from the rest of these texts what else speaks for a label.

    Args:
        best: int64[n, b], positions of labels, best first.
    """
    random = Random(f"{seed} names")
    texts = []
    for document, of_document in zip(documents, best, strict=True):
        text = document.text
        if random.random() < _SHARE_WITHOUT_NAMES:
            text = without_names(text, [labels[place] for place in of_document[:_NAMED]])
        texts.append(text)
    return texts


def propagate(scores: Scores, embeddings: NDArray[np.float32]) -> Scores:
    """Mix the scores of each document with the mean of its nearest documents.

    >>> scores = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    >>> similar = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)
    >>> propagate(scores, similar).round(2).tolist()
    [[0.65, 0.35], [0.17, 0.83], [0.17, 0.83]]
    """
    k = min(NEIGHBOURS, len(scores) - 1)
    if k < 1:
        return np.array(scores)
    mixed = (1 - SHARE_OF_NEIGHBOURS) * scores
    for start in range(0, len(scores), _ROWS):
        rows = slice(start, start + _ROWS)
        similarity = embeddings[rows] @ embeddings.T
        places = np.arange(len(similarity))
        similarity[places, places + start] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        for place in places:
            mixed[start + place] += SHARE_OF_NEIGHBOURS * scores[nearest[place]].mean(axis=0)
    return np.asarray(mixed, dtype=np.float32)


def add_frequency(scores: Scores) -> Scores:
    """Raise the labels that come first often, unless one of them comes first far too often."""
    firsts = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1])
    low, high = _COMMON
    trusted = np.clip((high - firsts.max() / len(scores)) / (high - low), 0.0, 1.0)
    return np.asarray(scores + trusted * FREQUENCY * np.log1p(firsts), dtype=np.float32)


def _by_place(
    of_pairs: PYes, row_of: Mapping[str, int], column_of: Mapping[str, int]
) -> dict[tuple[int, int], float]:
    """Return values by row and column, without those of unknown documents and labels."""
    return {
        (row_of[document], column_of[label]): value
        for document, of_labels in of_pairs.items()
        if document in row_of
        for label, value in of_labels.items()
        if label in column_of
    }
