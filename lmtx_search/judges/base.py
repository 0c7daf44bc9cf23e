"""What every judge offers, and the pairs that it is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from lmtx_search.judges.prompts import Prompt
from lmtx_search.records import Document, Judgment, Label, content_digest


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and a label of its shortlist.

    ``rank`` is the label's place there, from 0, ``nearness`` by how much its cosine exceeds the
    shortlist's mean.
    """

    document: Document
    label: Label
    rank: int
    nearness: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a judge said of a pair: P(yes) in [0, 1], or None where it said neither yes nor no.

    ``host`` is who was asked.
    """

    pair: Pair
    p_yes: float | None
    host: str = ""


class Judge(Protocol):
    """Answers whether labels are right for documents."""

    @property
    def name(self) -> str:
        """What people call the judge."""
        ...

    @property
    def digest(self) -> str:
        """Digest of the model's content: another digest, other judgments."""
        ...

    @property
    def prompt(self) -> Prompt:
        """What the judge is asked."""
        ...

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Answer pairs as answers come; the pairs of a document must follow each other.

        Pairs are taken only as they are needed: closing the iterator ends the asking, and
        answers under way are lost.
        """
        ...


def judgment_id(judge: Judge, pair: Pair) -> str:
    """Return the content hash of a judgment: who is asked, and all that is asked.

    The document counts with the part of it that the judge is shown, so a change further down in
    a document does not ask again.
    """
    prompt = judge.prompt
    return content_digest(
        judge.digest,
        prompt.digest,
        prompt.show_document(pair.document.text),
        prompt.ask_label(pair.label),
    )


def as_judgment(judge: Judge, pair: Pair, p_yes: float) -> Judgment:
    """Return the record of an answer."""
    return Judgment(
        id=judgment_id(judge, pair),
        document_id=pair.document.id,
        label_id=pair.label.id,
        p_yes=p_yes,
        rank=pair.rank,
        judge=judge.digest,
        prompt=judge.prompt.digest,
    )
