"""Labels in JSONL and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import one_line
from lmtx_search.sources.rows import read_rows

_COLUMNS = ("id", "text", "description", "synonyms", "broader")
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
        columns = {name.lower(): value for name, value in row.fields.items()}
        if not {"id", "text"} <= columns.keys():
            hint = "; `labels load --format annif` reads uri and label" if "uri" in columns else ""
            raise UserError(
                f"{path}, line 1: the columns are {one_line(row.fields)}: id and text are "
                f"required (optional: {', '.join(_COLUMNS[2:])}){hint}"
            )
        unread |= dict.fromkeys(name for name in row.fields if name.lower() not in _COLUMNS)
        yield where, columns
    if unread:
        what, known = ("Columns", _COLUMNS) if format == "csv" else ("Fields", _FIELDS)
        notes.append(
            f"{what} that are not read: {one_line(unread)} (those of a label are "
            f"{', '.join(known)})"
        )
