"""Compares a student with its teacher, and chooses threshold and calibration for its scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration, fit_calibration
from lmtx_search.encoder.reading import LabelForms, TextReader
from lmtx_search.encoder.score_threshold import RANKED, ChosenThreshold, choose_threshold
from lmtx_search.encoder.student import Student
from lmtx_search.records import Document, Label, PYes
from lmtx_search.words.evidence import LabelWords

# Documents whose scores for all labels are in memory at a time.
_DOCUMENTS = 32


@dataclass(frozen=True, slots=True)
class Comparison:
    """What held-out documents say of a student.

    Attributes:
        student: how closely it follows the teacher.
        threshold: the score from which a label is a tag, chosen as for any other encoder.
        calibration: the P(yes) that its scores correspond to (None: unknown).
    """

    student: Student
    threshold: ChosenThreshold
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
    calibration: Calibration | None,
    answers: PYes,
    yes_from: float,
    named: Mapping[str, int] | None = None,
) -> Comparison:
    """Compare the scores of both encoders for all labels, on held-out documents.

    The calibration of the student is fitted to what the teacher's calibration says about the same
    pairs, because the judge was asked about few of them.

    Args:
        digest: of the student.
        calibration: of the teacher's scores.
        answers: the judge's answers.
        yes_from: the P(yes) from which an answer is a yes.
        named: number of training documents that name a label, by id.
    """
    ids = [label.id for label in labels.labels]
    most = min(RANKED, len(ids))
    firsts: list[tuple[str, str]] = []
    pairs: list[tuple[str, float, float]] = []
    rankings: list[list[tuple[str, float]]] = []
    both = zip(
        _scores(teacher, labels, documents), _scores(student, labels, documents), strict=True
    )
    for of_teacher, of_student in both:
        firsts.append((ids[int(of_teacher.argmax())], ids[int(of_student.argmax())]))
        best = np.argsort(-of_student, kind="stable")[:most]
        rankings.append([(ids[row], float(of_student[row])) for row in best.tolist()])
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
        choose_threshold(rankings, named),
        None if calibration is None else fit_calibration(pairs),
    )


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
