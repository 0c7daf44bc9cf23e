"""Small immutable records that every part of the product passes around."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def content_digest(*parts: str) -> str:
    """Return the SHA-256 (hex) of the parts, unambiguous about where one part ends."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of the user's label set; ``broader`` are the ids of the labels right above it."""

    id: str
    text: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Label:
        """Return the label of what ``asdict`` made of one, also before labels had ``broader``."""
        lists = {name: tuple(values.get(name) or ()) for name in ("synonyms", "broader")}
        return cls(**{**values, **lists})

    @property
    def name_with_id(self) -> str:
        """What it is called as a tag where another label has the same text."""
        return f"{self.text} ({self.id})"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything about the label but its id."""
        # Without broader labels it is what it was before labels could have any.
        broader = ("\0broader", *self.broader) if self.broader else ()
        return content_digest(self.text, self.description, *self.synonyms, *broader)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: ``text`` is what the encoder and the judge read.

    ``text`` is the configured text fields, the non-empty ones joined by a newline (a title
    therefore comes first); ``source`` is the whole record as the user gave it. ``repeats`` names an
    earlier document of the same file that has this id and other content ("": there is none).
    """

    id: str
    text: str
    source: Mapping[str, Any] = field(default_factory=dict)
    repeats: str = ""


def document_text(source: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """Return what the encoder and the judge read of a record: see :class:`Document`.

    A field may be a dotted path, also through lists of (nested) objects. Numbers are written out,
    lists joined by spaces.
    """
    parts = (_written_out(_value(source, field)).strip() for field in text_fields)
    return "\n".join(part for part in parts if part)


def _value(node: Any, field: str) -> Any:
    if isinstance(node, list):
        return [_value(item, field) for item in node]
    if not isinstance(node, Mapping):
        return None
    if field in node:
        return node[field]
    head, dot, rest = field.partition(".")
    return _value(node.get(head), rest) if dot else None


def _written_out(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, map(_written_out, value)))
    return "" if value is None or isinstance(value, Mapping | bool) else str(value)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is not a document, and why; ``raw`` is its beginning.

    Line 0 stands for the whole file.
    """

    file: str
    line: int
    reason: str
    raw: str = ""

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


PERSON = "person"
"""The judge of a person's judgments; its prompt is empty."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A judge's answer for one pair of document and label.

    ``p_yes`` is the probability of "yes" among yes and no, in [0, 1]. ``id`` is the content hash
    of (judge digest, prompt digest, document text, label text): a pair is asked once, ever.
    """

    id: str
    document_id: str
    label_id: str
    p_yes: float
    rank: int
    judge: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that a tagger assigned to a document, with its cosine score in [-1, 1]."""

    name: str
    label_id: str
    score: float
