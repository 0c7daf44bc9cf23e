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
class CurrentJudgments:
    """Judgments about texts as they are now.

    Attributes:
        notes: what was left out or not checked, in sentences.
    """

    judge: Sequence[Judgment]
    people: Sequence[Judgment]
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
    texts = [*training_documents(client, where, sorted(asked)), *documents]
    by_id = {label.id: label for label in labels}
    said = people_about_current_texts(people, texts, by_id)
    id_of = question_ids(judge)
    if id_of is None:
        return CurrentJudgments(stored, said, [f"{unchecked(judge)}."])
    found = about_current_texts(stored, texts, by_id, id_of)
    notes = []
    if left := pairs_left_out(stored, found):
        notes.append(
            f"Left out: {left:,} answers of the judge about documents that are neither training "
            "documents nor tagged here, whose text or label has changed since, or of which the "
            "judge was shown another part."
        )
    return CurrentJudgments(found, said, notes)
