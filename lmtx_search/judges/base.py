"""The interface of a judge, and the pairs that it is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from lmtx_search.judges.prompts import Prompt
from lmtx_search.records import Document, Judgment, Label, content_digest

# What users can do about a judge, for messages.
ANOTHER_MODEL = "choose another model (--model, or judge.gguf for llama.cpp)"
SHORTER = "choose a prompt with fewer document_characters"
SERVER = "look at the server's log, then run the same command again"


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and a label of its shortlist.

    ``rank`` is the position of the label in the shortlist, from 0. ``nearness`` is the difference
    between its cosine and the mean of the shortlist.
    """

    document: Document
    label: Label
    rank: int
    nearness: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A judge's answer about a pair: P(yes) in [0, 1], or None if it is neither yes nor no.

    ``host`` is the server that answered. ``too_long``: there is no answer, because the prompt does
    not fit into the model's context. ``failure``: why there is no answer, if the server failed.
    """

    pair: Pair
    p_yes: float | None
    host: str = ""
    too_long: bool = False
    failure: str = ""


class Judge(Protocol):
    """Answers whether labels are right for documents."""

    @property
    def name(self) -> str:
        """The name of the judge for people."""
        ...

    @property
    def digest(self) -> str:
        """Digest of the model's content. Judgments with different digests are kept apart."""
        ...

    @property
    def prompt(self) -> Prompt:
        """The prompt of the judge."""
        ...

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Yield an answer for each pair as it arrives. Pairs of one document must be adjacent.

        Pairs are read only as they are needed. Closing the iterator stops the judge, and pending
        answers are lost.
        """
        ...


def judgment_id(judge: Judge, pair: Pair) -> str:
    """Return the content hash of a judgment: the judge and all parts of the question."""
    return question_id(judge.digest, judge.prompt, pair.document, pair.label)


def question_id(digest: str, prompt: Prompt, document: Document, label: Label) -> str:
    """Return the content hash of a judgment of the judge with this digest.

    Only the part of a document that the judge sees is included, so a change further down does not
    lead to a new question.
    """
    return content_digest(
        digest, prompt.digest, prompt.show_document(document.text), prompt.ask_label(label)
    )


def as_judgment(judge: Judge, pair: Pair, p_yes: float) -> Judgment:
    """Return an answer as a judgment."""
    return Judgment(
        id=judgment_id(judge, pair),
        document_id=pair.document.id,
        label_id=pair.label.id,
        p_yes=p_yes,
        rank=pair.rank,
        judge=judge.digest,
        prompt=judge.prompt.digest,
    )
