"""What happened to the tags of a document: the events, and what no record can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "trained",
    "deployed",
    "rolled back",
    "label changed",
    "judged",
    "tagged",
    "decided",
    "undone",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        at: when (ISO).
        kind: what it was.
        what: the event in words.
        label: the label's id, if it is about one label.
        by: the tagger version, the judge's model or the person.
        run: the run that it was part of (None: none is recorded).
        p_yes: of a judgment, in [0, 1].
        score: of the tag that a tagger assigned or suggested.
    """

    at: str
    kind: Kind
    what: str
    label: str | None = None
    by: str | None = None
    run: str | None = None
    p_yes: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The events of one document, oldest first.

    Attributes:
        document: its id.
        index: the index that holds it.
        tags: its tags now; likewise what follows.
        suggested: labels that the tagger suggests.
        manual: people's own tags.
        rejected: tags that people rejected.
        writes: how often the document was written, as its version in the cluster says.
        events: what is recorded.
        unknown: what is not recorded, in sentences.
    """

    document: str
    index: str
    tags: Sequence[str]
    suggested: Sequence[str]
    manual: Sequence[str]
    rejected: Sequence[str]
    writes: int
    events: Sequence[Event]
    unknown: Sequence[str]
