"""Compares a student with its teacher, and moves threshold and calibration to its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.encoder.reading import LabelForms, TextReader
from lmtx_search.encoder.student import Student
from lmtx_search.records import Document, Label, PYes
from lmtx_search.words.evidence import LabelWords

# Documents whose scores for all labels are in memory at a time.
_DOCUMENTS = 32
# Labels of a document that the threshold and the calibration are chosen on: as many as can be tags.
_RANKED = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """What held-out documents say of a student.

    Attributes:
        student: how closely it follows the teacher.
        threshold: the score at which it assigns as many tags as the teacher does at its own.
        calibration: the P(yes) that its scores correspond to (None: unknown).
    """

    student: Student
    threshold: float
    calibration: Calibration | None


@dataclass(frozen=True)
class LabelSet:
    """Labels and their embeddings, float32[labels, dimension], rows of length 1."""

    labels: Sequence[Label]
    embeddings: NDArray[np.float32]


def compare_with_teacher(
    digest: str,
    teacher: TextReader,
    student: TextReader,
    labels: LabelSet,
    documents: Sequence[Document],
    threshold: float,
    calibration: Calibration | None,
    answers: PYes,
    yes_from: float,
) -> Comparison:
    """Compare the scores of both encoders for all labels, on held-out documents.

    The calibration of the student is fitted to what the teacher's calibration says about the same
    pairs, because the judge was asked about few of them.

    Args:
        digest: of the student.
        threshold, calibration: of the teacher's scores.
        answers: the judge's answers.
        yes_from: the P(yes) from which an answer is a yes.
    """
    ids = [label.id for label in labels.labels]
    most = min(_RANKED, len(ids))
    firsts: list[tuple[str, str]] = []
    pairs: list[tuple[str, float, float]] = []
    high: list[NDArray[np.float32]] = []
    assigned = 0
    both = zip(
        _scores(teacher, labels, documents), _scores(student, labels, documents), strict=True
    )
    for of_teacher, of_student in both:
        firsts.append((ids[int(of_teacher.argmax())], ids[int(of_student.argmax())]))
        assigned += min(most, int((of_teacher >= threshold).sum()))
        best = np.argpartition(-of_student, most - 1)[:most]
        high.append(of_student[best])
        if calibration is not None:
            pairs += (
                (ids[row], float(of_student[row]), calibration.probability(ids[row], float(score)))
                for row, score in zip(best.tolist(), of_teacher[best], strict=True)
            )
    judged = [
        (of_labels[old] >= yes_from, of_labels[new] >= yes_from)
        for document, (old, new) in zip(documents, firsts, strict=True)
        if old in (of_labels := answers.get(document.id, {})) and new in of_labels
    ]
    return Comparison(
        Student(
            digest,
            agreement=sum(old == new for old, new in firsts) / len(firsts),
            documents=len(firsts),
            judged=len(judged),
            yes=sum(new for _, new in judged) / len(judged) if judged else None,
            teacher_yes=sum(old for old, _ in judged) / len(judged) if judged else None,
        ),
        _nth(np.concatenate(high), assigned, threshold),
        None if calibration is None else fit_calibration(pairs),
    )


def _nth(scores: NDArray[np.float32], number: int, otherwise: float) -> float:
    """Return the score that so many of the scores reach."""
    if not number:
        return otherwise
    return round(float(-np.partition(-scores, number - 1)[number - 1]), 4)


def _scores(
    reader: TextReader, labels: LabelSet, documents: Sequence[Document]
) -> Iterator[NDArray[np.float32]]:
    """Yield for each document its score for each label: float32[labels]."""
    forms = reader.label_forms()
    words: LabelWords | None = None
    if forms is not None:
        forms.put(labels.labels)
        words = forms.of([label.id for label in labels.labels])
    for start in range(0, len(documents), _DOCUMENTS):
        chunk = [document.text for document in documents[start : start + _DOCUMENTS]]
        yield from _scores_of(reader, chunk, labels, words, forms)


def _scores_of(
    reader: TextReader,
    texts: Sequence[str],
    labels: LabelSet,
    words: LabelWords | None,
    forms: LabelForms | None,
) -> Iterator[NDArray[np.float32]]:
    read = reader.read(texts)
    scores = read.vectors @ labels.embeddings.T
    if words is not None and forms is not None:
        words.scores(read.words_by_vector(), forms.weights, plus=scores)
    start = 0
    for count in read.counts:
        yield scores[start : start + count].max(axis=0)
        start += count
