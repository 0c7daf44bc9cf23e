"""The answers that tell whether the first labels of a static encoder and its teacher are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.progress import Progress
from lmtx_search.records import PERSON, Document, Label, PYes
from lmtx_search.training.teacher.current_answers import (
    about_current_texts,
    pairs_left_out,
    question_ids,
    unchecked,
)
from lmtx_search.training.teacher.human_feedback import prefer_people

# A person says yes or no, and a run without a measure has no boundary of its own.
_EVEN = 0.5


def answers_about(
    store: JudgmentStore,
    record: Mapping[str, Any] | None,
    documents: Sequence[Document],
    labels: Sequence[Label],
    progress: Progress,
) -> tuple[PYes, float]:
    """Return the answers about documents as they are now, and the P(yes) of a yes.

    If the prompt has changed, all of the judge's answers about the documents count, and it is said.
    """
    by_id = {label.id: label for label in labels}
    found: dict[str, dict[str, float]] = {}
    yes_from = None
    if record is not None:
        judge, yes_from = record["judge"], record["measures"]["llm_p1_yes_from"]
        there = {document.id for document in documents}
        judgments = store.of(judge["digest"], judge["prompt_digest"])
        judgments = [one for one in judgments if one.document_id in there]
        id_of = question_ids(judge)
        if id_of is None:
            current = judgments
            progress.note(unchecked(judge))
        else:
            current = about_current_texts(judgments, documents, by_id, id_of)
        if count := pairs_left_out(judgments, current):
            progress.note(
                f"{count:,} answers of the judge do not measure the static encoder: the text of "
                "the document or the label has changed since, or the judge was shown another part "
                "of the text"
            )
        for one in current:
            found.setdefault(one.document_id, {})[one.label_id] = one.p_yes
    answers = prefer_people(found, store.of(PERSON), documents, by_id)
    return answers, _EVEN if yes_from is None else yes_from
