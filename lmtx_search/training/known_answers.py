"""The answers that are stored about training documents, and which of them a run did not know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.documents.sample import sample_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS
from lmtx_search.records import PERSON, Document, Judgment, Label, PYes, document_text
from lmtx_search.settings import DocumentSettings
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.sampling import other_texts
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.teacher.current_answers import (
    QuestionId,
    current_answers,
    pairs_left_out,
    people_about_current_texts,
    question_ids,
    unchecked,
)
from lmtx_search.training.teacher.human_feedback import prefer_people

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

# Documents that are read by their ids at a time.
_BATCH = 500
# Documents that choose the threshold of an encoder that was not trained.
_SAMPLED = 300


@dataclass(frozen=True)
class KnownAnswers:
    """The answers that are stored about training documents.

    Attributes:
        answers: those that count.
        new: number of answers that the run did not know, and of those that people have changed or
            withdrawn since.
        documents: the documents that they are about.
        held_out: documents that choose the threshold.
        about_held_out: number of answers of people that do not count, because they are about
            documents that the run held out, or about copies of them.
        elsewhere: number of answers of people that do not count, because their document is not a
            training document, or its text or the label has changed since.
        run: what the run learned from (None: the encoder was not trained).
        index: the training documents.
        by_judge_elsewhere: number of answers of the judge that do not count for the same reason, or
            because the judge was shown another part of the text.
        unchecked: a sentence, if it was not possible to check which texts the judge's answers are
            about.
        copied: number of held-out documents that choose no threshold, because the run is of an
            earlier release and may have learned from copies of them.
    """

    answers: Answers
    new: int
    documents: Sequence[Document]
    held_out: Sequence[Document]
    about_held_out: int
    elsewhere: int
    run: RunAnswers | None
    index: str
    by_judge_elsewhere: int = 0
    unchecked: str | None = None
    copied: int = 0

    @property
    def by_people(self) -> int:
        """Number of answers of people that count."""
        return _count(self.answers.people)

    @property
    def plan(self) -> str:
        """What a deployment does with the answers, in words."""
        if not self.new:
            return "keep the offsets of labels, because no answer has come since the run"
        return (
            "fit the offsets of labels anew, and then the threshold and the calibration "
            f"({self.new:,} answers are new or changed, {self.by_people:,} in all are by people)"
        )

    @property
    def left_out(self) -> list[str]:
        """What does not count and why, in sentences."""
        found = []
        if self.about_held_out:
            found.append(
                f"{self.about_held_out:,} answers of people are about documents that the run held "
                "out, or that repeat the text of one: they do not move the offsets of labels"
            )
        if self.copied:
            found.append(
                f"{self.copied:,} documents that the run held out choose no new threshold: the run "
                "is of an earlier release, and may have learned from copies of them"
            )
        if self.elsewhere:
            found.append(
                f"{self.elsewhere:,} answers of people do not count: the document is not in "
                f"{self.index}, or its text or the label has changed since"
            )
        if self.by_judge_elsewhere:
            found.append(
                f"{self.by_judge_elsewhere:,} answers of the judge do not count: the document is "
                f"not in {self.index}, its text or the label has changed since, or the judge was "
                "shown another part of the text"
            )
        if self.unchecked is not None:
            found.append(self.unchecked)
        return found


def known_answers(
    client: Client,
    where: DocumentSettings,
    labels: Sequence[Label],
    run: RunAnswers | None,
    judge: Mapping[str, Any] | None,
) -> KnownAnswers:
    """Return the answers that are stored about training documents.

    Args:
        run: what the run learned from (None: the encoder was not trained; only people's answers
            count).
        judge: the judge of the run, as its record has it (None: only people's answers count).
    """
    store = JudgmentStore(client)
    by_people = store.of(PERSON)
    by_id = {label.id: label for label in labels}
    before: PYes = {} if run is None else run.judge
    apart = set() if run is None else set(run.held_out)
    stored: list[Judgment] = []
    later: list[Judgment] = []
    id_of: QuestionId | None = None
    if run is not None and before and judge is not None:
        stored = store.of(judge["digest"], judge["prompt_digest"])
        later = store.of(judge["digest"], judge["prompt_digest"], run.since)
        id_of = question_ids(judge)
    of_run = [] if run is None else training_documents(client, where, run.held_out)
    held_out = of_run
    if run is not None and not run.copies_apart:
        held_out = _without_copies(client, where, of_run, apart)
    copied = len(of_run) - len(held_out)
    wanted = {one.document_id for one in (*by_people, *later)} | before.keys()
    found = training_documents(client, where, sorted(wanted - apart))
    # A copy of a held-out document, which may have been loaded after the run, is held out too.
    documents = other_texts(found, held_out)
    apart |= {one.id for one in found} - {one.id for one in documents}
    every = {id_: dict(before[id_]) for id_ in before.keys() - apart}
    for one in later:
        if one.document_id not in apart:
            every.setdefault(one.document_id, {})[one.label_id] = one.p_yes
    there = {document.id for document in documents}
    by_judge = {id_: every[id_] for id_ in sorted(every.keys() & there)}
    if id_of is not None:
        current = current_answers(before, later, stored, documents, by_id, id_of)
        by_judge = {id_: current.get(id_, {}) for id_ in by_judge}
    people = prefer_people({}, by_people, documents, by_id)
    if run is None and people:
        held_out = _sample(client, where, [one for one in documents if one.id in people])
    about_held_out = [one for one in by_people if one.document_id in apart]
    current_people = people_about_current_texts(by_people, documents, by_id)
    said_before = {} if run is None else run.people
    said_before = {id_: said_before[id_] for id_ in said_before.keys() & there}
    return KnownAnswers(
        answers=Answers({id_: said for id_, said in by_judge.items() if said}, people),
        new=_changes(said_before, people)
        + _changes({id_: before.get(id_, {}) for id_ in by_judge}, by_judge),
        documents=documents,
        held_out=held_out,
        about_held_out=pairs_left_out(about_held_out, ()),
        elsewhere=pairs_left_out(by_people, (*about_held_out, *current_people)),
        run=run,
        index=where.training_index,
        by_judge_elsewhere=_count(every) - _count(by_judge),
        unchecked=unchecked(judge) if stored and judge is not None and id_of is None else None,
        copied=copied,
    )


def training_documents(
    client: Client, where: DocumentSettings, ids: Sequence[str]
) -> list[Document]:
    """Return the training documents with these ids that exist and have text."""
    if not ids or not client.indices.exists(index=where.training_index):
        return []
    return [
        document
        for start in range(0, len(ids), _BATCH)
        for hit in read_by_id(client, where.training_index, {"ids": ids[start : start + _BATCH]})
        if (document := _document(hit, where)).text.strip()
    ]


def _without_copies(
    client: Client, where: DocumentSettings, held_out: Sequence[Document], ids: Collection[str]
) -> list[Document]:
    """Return those held-out documents whose text no other training document has.

    Args:
        ids: of all documents that were held out.
    """
    texts = {one.text for one in held_out}
    if not texts:
        return []
    every = read_documents(client, where.training_index, where.text_fields)
    copied = {one.text for one in every if one.text in texts and one.id not in ids}
    return [one for one in held_out if one.text not in copied]


def _sample(
    client: Client, where: DocumentSettings, answered: Sequence[Document]
) -> list[Document]:
    """Return the documents that a deployment chooses the threshold by, without answered texts.

    Their order is that of a deployment without answers.
    """
    found = sample_documents(client, where.training_index, where.text_fields, MOST_DOCUMENTS)
    return other_texts(found, answered)[:_SAMPLED]


def _document(hit: Mapping[str, Any], where: DocumentSettings) -> Document:
    return Document(hit["_id"], document_text(hit["_source"], where.text_fields))


def _changes(before: PYes, now: PYes) -> int:
    """Return how many answers were added, changed or withdrawn."""
    old, new = (
        {(document, label, p) for document, labels in one.items() for label, p in labels.items()}
        for one in (before, now)
    )
    return len({pair[:2] for pair in old ^ new})


def _count(answers: PYes) -> int:
    return sum(map(len, answers.values()))
