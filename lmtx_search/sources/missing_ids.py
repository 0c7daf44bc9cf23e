"""Counts the documents of a file that have no id."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.sources.csv_header import cased, one_line
from lmtx_search.sources.rows import Row


class MissingIds:
    """The documents whose ids are hashes, because they lack the field for it."""

    def __init__(self, path: Path, id_field: str) -> None:
        self._path, self._id_field = path, id_field
        self._count = 0
        self._first: Row | None = None

    def add(self, row: Row) -> None:
        """Count a document."""
        self._count += 1
        self._first = self._first or row

    def notes(self) -> list[str]:
        """Return a sentence about them, with the fields of the first."""
        if self._first is None:
            return []
        fields = self._first.fields
        note = (
            f"{self._path}: documents with nothing in the field {self._id_field} "
            f"(documents.id_field): {self._count:,}; their ids are hashes of their content. The "
            f"first, on line {self._first.line:,}, has the fields {one_line(fields)[:300]}"
        )
        if meant := next(iter(cased(fields, [self._id_field])), ""):
            note += f": set documents.id_field to {meant} if it holds the id"
        return [note]
