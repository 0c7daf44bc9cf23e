"""Labels in JSONL and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import one_line
from lmtx_search.sources.rows import read_rows

_COLUMNS = ("id", "text", "description", "synonyms", "broader")
_LISTS = ("synonyms", "broader")
_FIELDS = (*_COLUMNS, "translations")


def row_entries(path: Path, format: str, notes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of each label with its position.

    Names of columns may have capital letters. ``notes`` receives the names of columns or fields
    that are not read.

    Raises:
        UserError: a line is not a label, or a table lacks id or text.
    """
    unread: dict[str, None] = {}
    for row in read_rows(path, format, notes):
        if isinstance(row, BadLine):
            raise UserError(str(row))
        where = f"{path}, line {row.line}"
        if format != "csv":
            unread |= dict.fromkeys(name for name in row.fields if name not in _FIELDS)
            yield where, row.fields
            continue
        columns = _columns(row.fields)
        read = set(columns.values())
        unread |= dict.fromkeys(name for name in row.fields if name not in read)
        if not {"id", "text"} <= columns.keys():
            has_uri = "uri" in map(str.lower, row.fields)
            hint = "; `labels load --format annif` reads uri and label" if has_uri else ""
            raise UserError(
                f"{path}, line 1: the columns are {one_line(row.fields)}: id and text are "
                f"required (optional: {', '.join(_COLUMNS[2:])}){hint}"
            )
        fields = {own: row.fields[name] for own, name in columns.items()}
        for name in _LISTS:
            # Columns with the same name have a list.
            if isinstance(values := fields.get(name), list):
                fields[name] = "|".join(values)
        yield where, fields
    if unread:
        what, known = ("Columns", _COLUMNS) if format == "csv" else ("Fields", _FIELDS)
        notes.append(
            f"{what} that are not read: {one_line(unread)} (those of a label are "
            f"{', '.join(known)})"
        )


def _columns(names: Iterable[str]) -> dict[str, str]:
    """Return the columns of a table by the fields of a label that they hold.

    Of several columns for a field, that with its exact name is read, or the first.
    """
    found: dict[str, str] = {}
    for name in names:
        own = name.lower()
        if own in _COLUMNS and (own not in found or name == own):
            found[own] = name
    return found
