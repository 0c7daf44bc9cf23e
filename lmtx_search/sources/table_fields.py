"""The columns of tables that stand for fields of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lmtx_search.sources.csv_header import cased
from lmtx_search.sources.rows import Row


class TableFields:
    """The columns of a CSV file or spreadsheet that stand for fields, whatever their case."""

    def __init__(self, path: Path, id_field: str, text_fields: Sequence[str]) -> None:
        self._path = path
        self._id_field = id_field
        self._text_fields = text_fields
        self._header: tuple[str, ...] | None = None
        self._names: Mapping[str, str] = {}

    def of(self, row: Row, notes: list[str]) -> Mapping[str, str]:
        """Return the fields by their columns; the columns are looked at once for each header."""
        if row.columns is not self._header:
            self._header = row.columns
            columns = row.columns or tuple(row.fields)
            # The field _id is an id already.
            ids = () if "_id" in columns else (self._id_field,)
            self._names = cased(columns, (*ids, *self._text_fields))
            note = f"{self._path}: columns are read as fields of the settings: " + ", ".join(
                f"{column} → {name}" for column, name in self._names.items()
            )
            if self._names and note not in notes:
                notes.append(note)
        return self._names

    def applied(self, row: Row, notes: list[str]) -> Row:
        """Return a row under the names of the settings."""
        names = self.of(row, notes)
        if not names:
            return row
        fields = {names.get(name, name): value for name, value in row.fields.items()}
        return Row(row.line, fields)
