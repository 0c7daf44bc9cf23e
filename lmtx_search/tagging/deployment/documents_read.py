"""What a pipeline reads of documents, and in what this differs from another pipeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.untouched import Untouched


@dataclass(frozen=True, slots=True)
class DocumentsRead:
    """What a pipeline reads of documents.

    Attributes:
        text_fields: fields that hold a document's text, in order (empty: unknown).
        untouched: documents that are never touched (None: there are none).
    """

    text_fields: Sequence[str] = ()
    untouched: Untouched | None = None

    def unlike(self, before: DocumentsRead) -> list[str]:
        """Return in what this differs from what was read before: what a pipeline does, each."""
        return [one for one in (self.other_fields(before), self.other_untouched(before)) if one]

    def other_fields(self, before: DocumentsRead) -> str:
        """Return which other text fields are read ("": the same ones, or it is unknown)."""
        if not before.text_fields or list(before.text_fields) == list(self.text_fields):
            return ""
        now, then = ", ".join(self.text_fields), ", ".join(before.text_fields)
        return f"reads the text fields {now}, not {then}"

    def other_untouched(self, before: DocumentsRead) -> str:
        """Return which other documents are never touched ("": the same ones)."""
        old, new = as_json(before.untouched), as_json(self.untouched)
        if old == new:
            return ""
        if not new:
            return f"touches documents that match {old}"
        return f"never touches documents that match {new}" + (
            f", but touches other documents that match {old}" if old else ""
        )


def as_json(untouched: Untouched | None) -> str:
    """Return the query as it is written in the settings ("": there is none)."""
    return "" if untouched is None else json.dumps(untouched.query, ensure_ascii=False)


def as_toml(text: str) -> str:
    """Return a text as a TOML string.

    >>> as_toml('{"term": 1}'), as_toml("it's")
    ('\'{"term": 1}\'', '"it\'s"')
    """
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"
