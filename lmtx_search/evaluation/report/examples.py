"""Example documents with good tags and with bad tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lmtx_search.judges.prompts import shorten
from lmtx_search.records import Document

MOST = 10
_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class Example:
    """A document for the report. Each tag has its name and whether it is right (None: unknown)."""

    id: str
    title: str
    text: str
    tags: list[tuple[str, bool | None]]
    missing: list[str]
    score: float


def examples(
    documents: Sequence[Document],
    tags: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
    gold: Mapping[str, AbstractSet[str]] | None,
    scores: Mapping[str, float],
) -> tuple[list[Example], list[Example]]:
    """Return ten good documents and ten bad ones.

    With gold tags they are chosen by F1. Among equals the tagger's surest come first, because bad
    tags that the tagger is sure of are the most instructive. Without gold tags they are chosen by
    the score of the first label.

    Args:
        names: texts of the labels by id.
        scores: the score of each document's first label.
    """
    ranked = []
    for document in documents:
        if document.id in scores and (gold is None or document.id in gold):
            right = None if gold is None else gold[document.id]
            quality = scores[document.id] if right is None else _f1(tags[document.id], right)
            ranked.append((quality, scores[document.id], document.id))
    by_id = {document.id: document for document in documents}
    most = min(MOST, len(ranked) // 2)
    good = sorted(ranked, key=lambda row: (-row[0], -row[1], row[2]))[:most]
    bad = sorted(ranked, key=lambda row: (row[0], -row[1] if gold is not None else row[1], row[2]))

    def shown(rows: Sequence[tuple[float, float, str]]) -> list[Example]:
        return [
            _example(by_id[id_], tags[id_], names, None if gold is None else gold[id_], quality)
            for quality, _, id_ in rows
        ]

    return shown(good), shown(bad[:most])


def _f1(assigned: Sequence[str], right: AbstractSet[str]) -> float:
    return 2 * len(set(assigned) & right) / max(1, len(assigned) + len(right))


def _example(
    document: Document,
    assigned: Sequence[str],
    names: Mapping[str, str],
    right: AbstractSet[str] | None,
    score: float,
) -> Example:
    title, _, text = document.text.partition("\n")
    return Example(
        id=document.id,
        title=shorten(title, _CHARACTERS),
        text=shorten(text, _CHARACTERS),
        tags=[
            (names.get(label, label), None if right is None else label in right)
            for label in assigned
        ],
        missing=sorted(names.get(x, x) for x in right - set(assigned)) if right else [],
        score=score,
    )
