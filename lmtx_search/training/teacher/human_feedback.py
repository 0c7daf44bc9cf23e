"""Answers of people. They take precedence over the answers of a judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from lmtx_search.records import (
    PERSON,
    Document,
    Judgment,
    Label,
    PYes,
    person_judgment_id,
    person_judgment_ids,
)


def person_judgment(document: Document, label: Label, yes: bool, rank: int) -> Judgment:
    """Return a person's answer as a judgment. A new answer to the same pair has the same id."""
    return Judgment(
        id=person_judgment_id(document, label),
        document_id=document.id,
        label_id=label.id,
        p_yes=float(yes),
        rank=rank,
        judge=PERSON,
        prompt="",
    )


def prefer_people(
    p_yes: PYes,
    people: Iterable[Judgment],
    documents: Sequence[Document],
    labels: Mapping[str, Label],
) -> dict[str, dict[str, float]]:
    """Return P(yes) with the answers of people (1 or 0) in place of those of a judge.

    Pairs that only people answered are added. An answer is ignored if its document or label is not
    among the given ones, or if one of their texts has changed since.
    """
    by_id = {document.id: document for document in documents}
    preferred = {document: dict(of_labels) for document, of_labels in p_yes.items()}
    said: set[str] = set()
    for judgment in people:
        document, label = by_id.get(judgment.document_id), labels.get(judgment.label_id)
        if document is None or label is None:
            continue
        now, earlier = person_judgment_ids(document, label)
        if judgment.id == now or (judgment.id == earlier and now not in said):
            preferred.setdefault(document.id, {})[label.id] = judgment.p_yes
            said.add(now)
    return preferred


def without_refused(
    positives: Mapping[str, Collection[str]], evidence: PYes
) -> dict[str, frozenset[str]]:
    """Drop labels with a P(yes) of 0: a person refused them, so they are no positives."""
    remaining = {
        document: frozenset(label for label in labels if evidence[document][label] > 0)
        for document, labels in positives.items()
    }
    return {document: labels for document, labels in remaining.items() if labels}
