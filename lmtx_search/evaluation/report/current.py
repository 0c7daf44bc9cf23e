"""The answers of a run's judge and of people that a report is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.records import PERSON, Document, Judgment, Label
from lmtx_search.settings import DocumentSettings
from lmtx_search.training.known_answers import training_documents
from lmtx_search.training.teacher.current_answers import (
    about_current_texts,
    pairs_left_out,
    people_about_current_texts,
    question_ids,
    unchecked,
)


@dataclass(frozen=True)
class AboutTexts:
    """What is said about some texts.

    Attributes:
        judge: ids of the judge's judgments.
        people: whether a label is right, by the ids of document and label.
    """

    judge: frozenset[str]
    people: Mapping[tuple[str, str], bool]


@dataclass(frozen=True)
class CurrentJudgments:
    """Judgments about texts as they are now.

    Attributes:
        training, given: what is said about training documents, and about the documents that are
            tagged here. Two of them may have the same id, and other texts.
        notes: what was left out or not checked, in sentences.
    """

    judge: Sequence[Judgment]
    training: AboutTexts
    given: AboutTexts
    notes: Sequence[str]


def current_judgments(
    client: Any,
    where: DocumentSettings,
    judge: Mapping[str, Any],
    documents: Sequence[Document],
    labels: Sequence[Label],
) -> CurrentJudgments:
    """Return the answers of a judge and of people about training documents and given documents.

    Args:
        judge: as the record of a run has it.
    """
    store = JudgmentStore(client)
    stored = store.of(judge["digest"], judge["prompt_digest"])
    people = store.of(PERSON)
    asked = {one.document_id for one in (*stored, *people)}
    training = training_documents(client, where, sorted(asked))
    return select_current(stored, people, training, documents, labels, judge)


def select_current(
    stored: Sequence[Judgment],
    people: Sequence[Judgment],
    training: Sequence[Document],
    given: Sequence[Document],
    labels: Sequence[Label],
    judge: Mapping[str, Any],
) -> CurrentJudgments:
    """Return the judgments about the texts that documents and labels have now.

    Args:
        stored: those of the judge.
        judge: as the record of a run has it.
    """
    by_id = {label.id: label for label in labels}
    id_of = question_ids(judge)

    def about(texts: Sequence[Document], others: Sequence[Document]) -> AboutTexts:
        if id_of is None:
            # It is not known which of two texts with the same id was asked about.
            ids = {one.id for one in texts} - {one.id for one in others}
            fitting = [one for one in stored if one.document_id in ids]
        else:
            fitting = about_current_texts(stored, texts, by_id, id_of)
        said = people_about_current_texts(people, texts, by_id)
        return AboutTexts(
            frozenset(one.id for one in fitting),
            {(one.document_id, one.label_id): one.p_yes > 0.5 for one in said},
        )

    of_training, of_given = about(training, given), about(given, training)
    if id_of is None:
        return CurrentJudgments(stored, of_training, of_given, [f"{unchecked(judge)}."])
    current = of_training.judge | of_given.judge
    found = [one for one in stored if one.id in current]
    notes = []
    if left := pairs_left_out(stored, found):
        notes.append(
            f"Left out: {left:,} answers of the judge about documents that are neither training "
            "documents nor tagged here, whose text or label has changed since, or of which the "
            "judge was shown another part."
        )
    return CurrentJudgments(found, of_training, of_given, notes)
