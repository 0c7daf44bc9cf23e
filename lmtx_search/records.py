"""Small immutable records that every part of the product passes around."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    """One entry of the user's label set."""

    id: str
    text: str
    description: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything about the label but its id."""
        return content_digest(self.text, self.description, *self.synonyms)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: ``text`` is what the encoder and the judge read.

    ``text`` is the configured text fields, the non-empty ones joined by a newline (a title
    therefore comes first); ``source`` is the whole record as the user gave it.
    """

    id: str
    text: str
    source: Mapping[str, Any] = field(default_factory=dict)


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
