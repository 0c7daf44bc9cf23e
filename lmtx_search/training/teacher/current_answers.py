"""The answers of a judge that are about the texts that documents and labels have now.

Judgments name documents and labels by their ids. A document that was loaded again with another
text and a renamed label keep their ids, and an index of its own may have the same ids. The id of a
judgment is a digest of the question, so it tells which text was asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.judges.base import question_id
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Judgment, Label, PYes, person_judgment_ids

QuestionId = Callable[[Document, Label], str]
"""Returns the id of the judgment about a document and a label, as their texts are now."""


def question_ids(judge: Mapping[str, Any]) -> QuestionId | None:
    """Return what gives the ids of a judge's judgments (None: its prompt is gone or has changed).

    Args:
        judge: as the record of a run has it.
    """
    try:
        prompt = load_prompt(judge["prompt"])
    except UserError:
        return None
    if prompt.digest != judge["prompt_digest"]:
        return None
    return partial(question_id, judge["digest"], prompt)


def unchecked(judge: Mapping[str, Any]) -> str:
    """Return a sentence for answers that are used although :func:`question_ids` gives None.

    Args:
        judge: as the record of a run has it.
    """
    return (
        f"The prompt {judge['prompt']} of the run is not here any more or has changed. So it was "
        "not checked whether the judge's answers are about the texts that documents and labels "
        "have now"
    )


def about_current_texts(
    judgments: Iterable[Judgment],
    documents: Iterable[Document],
    labels: Mapping[str, Label],
    id_of: QuestionId,
) -> list[Judgment]:
    """Return the judgments about the texts that these documents and labels have.

    Args:
        documents: several may have the same id.
        labels: by id.
    """
    return [one for one, _ in _fitting(judgments, documents, labels, lambda *of: (id_of(*of),))]


def people_about_current_texts(
    judgments: Iterable[Judgment], documents: Iterable[Document], labels: Mapping[str, Label]
) -> list[Judgment]:
    """Return the judgments of people about the texts that these documents and labels have.

    A pair has one: that of an earlier release, whose id is another, does not count beside a new
    one.

    Args:
        documents: several may have the same id.
        labels: by id.
    """
    found: dict[tuple[str, str], tuple[int, Judgment]] = {}
    for one, place in _fitting(judgments, documents, labels, person_judgment_ids):
        pair = (one.document_id, one.label_id)
        if pair not in found or place < found[pair][0]:
            found[pair] = (place, one)
    return [one for _, one in found.values()]


def pairs_left_out(judgments: Iterable[Judgment], current: Iterable[Judgment]) -> int:
    """Return the number of pairs of document and label with judgments, but with no current one."""
    pairs, of_current = (
        {(one.document_id, one.label_id) for one in every} for every in (judgments, current)
    )
    return len(pairs - of_current)


def _fitting(
    judgments: Iterable[Judgment],
    documents: Iterable[Document],
    labels: Mapping[str, Label],
    ids_of: Callable[[Document, Label], tuple[str, ...]],
) -> Iterator[tuple[Judgment, int]]:
    """Yield the judgments with one of the ids of their pair, and the position of this id."""
    texts: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        texts[document.id].append(document)
    for one in judgments:
        for text in texts[one.document_id] if one.label_id in labels else ():
            ids = ids_of(text, labels[one.label_id])
            if one.id in ids:
                yield one, ids.index(one.id)
                break


def current_answers(
    before: PYes,
    later: Sequence[Judgment],
    stored: Sequence[Judgment],
    documents: Sequence[Document],
    labels: Mapping[str, Label],
    id_of: QuestionId,
) -> dict[str, dict[str, float]]:
    """Return the answers that a run learned from and later ones, without those about other texts.

    Args:
        before: what the run learned from. It stays where no judgment about the pair is stored.
        later: judgments that were made since.
        stored: all judgments of the judge.
        labels: by id.
    """
    there = {document.id for document in documents}
    asked = {(one.document_id, one.label_id) for one in stored}
    current = {
        (one.document_id, one.label_id)
        for one in about_current_texts(stored, documents, labels, id_of)
    }
    found: dict[str, dict[str, float]] = {}
    for document, of_labels in before.items():
        for label, p in of_labels.items():
            pair = (document, label)
            if document in there and label in labels and (pair in current or pair not in asked):
                found.setdefault(document, {})[label] = p
    for one in about_current_texts(later, documents, labels, id_of):
        found.setdefault(one.document_id, {})[one.label_id] = one.p_yes
    return found
