"""What people said of pairs: it counts more than what a judge said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from lmtx_search.records import PERSON, Document, Judgment, Label, content_digest


def person_judgment(document: Document, label: Label, yes: bool, rank: int) -> Judgment:
    """Return the record of a person's answer; another answer to the same pair replaces it."""
    return Judgment(
        id=person_id(document, label),
        document_id=document.id,
        label_id=label.id,
        p_yes=float(yes),
        rank=rank,
        judge=PERSON,
        prompt="",
    )


def person_id(document: Document, label: Label) -> str:
    """Return the id of a person's judgment: of another text or label it is another."""
    return content_digest(PERSON, "", document.text, label.text)


def prefer_people(
    p_yes: Mapping[str, Mapping[str, float]],
    people: Iterable[Judgment],
    documents: Sequence[Document],
    labels: Mapping[str, Label],
) -> dict[str, dict[str, float]]:
    """Return P(yes) by document and label id, with people's answers (1 or 0) in place of a judge's.

    Pairs that only people looked at come in too. Answers about other documents or labels, or about
    a text that has changed since, do not count.
    """
    texts = {document.id: document for document in documents}
    found = {document: dict(said) for document, said in p_yes.items()}
    for judgment in people:
        document, label = texts.get(judgment.document_id), labels.get(judgment.label_id)
        if document and label and person_id(document, label) == judgment.id:
            found.setdefault(document.id, {})[label.id] = judgment.p_yes
    return found


def without_refused(
    positives: Mapping[str, Collection[str]], p_yes: Mapping[str, Mapping[str, float]]
) -> dict[str, frozenset[str]]:
    """Drop labels with a P(yes) of 0, which are a person's no: no document is pulled to them."""
    kept = {
        document: frozenset(label for label in labels if p_yes[document][label] > 0)
        for document, labels in positives.items()
    }
    return {document: labels for document, labels in kept.items() if labels}
