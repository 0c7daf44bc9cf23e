"""Documents from files and folders of any format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Document, content_digest, document_text
from lmtx_search.sources.document_formats import count_records, document_format, read_records
from lmtx_search.sources.rows import Row

# OpenSearch takes ids of up to 512 bytes.
_ID_BYTES = 512
_RAW_KEPT = 100_000


def read_documents(
    path: Path,
    id_field: str = "id",
    text_fields: Sequence[str] = ("title", "text"),
    format: str | None = None,
) -> Iterator[Document | BadLine]:
    """Read documents in the order of the file; ``-`` is standard input (JSONL).

    A document without an id gets that of its field ``_id``, or a hash of its content, so that
    reading it again changes nothing.
    What is no document comes out as :class:`BadLine`; blank lines are passed over. Memory is
    bounded by the longest line, or file of a folder. What has no field names of its own (folders,
    Annif, the Extreme Classification Repository) comes under ``id_field`` and ``text_fields``.

    Args:
        path: a file, or a folder of texts and PDF files.
        format: one of :data:`~lmtx_search.sources.document_formats.FORMATS`; None: told by the
            name.

    Raises:
        UserError: no such file, an unknown ending, a CSV file without a header.
        LmtxError: a damaged gzip file.
    """
    renamed = document_format(path, format) not in ("jsonl", "csv")
    for row in read_records(path, format):
        if isinstance(row, BadLine):
            yield row
        else:
            named = _renamed(row, id_field, text_fields) if renamed else row
            yield _document(named, path, id_field, text_fields)


def count_documents(path: Path, format: str | None = None) -> int | None:
    """Return how many lines there are to read, for a progress bar (None: standard input)."""
    return count_records(path, format)


def require_readable(
    path: Path, format: str | None = None, text_fields: Sequence[str] = ()
) -> list[str] | None:
    """See that a file can be read at all, before anything is made for its documents.

    Returns the columns of a table; None for what is none.

    Raises:
        UserError: no such file, an unknown ending, a CSV file without a header, or with columns
            of which none is one of ``text_fields``.
        LmtxError: a damaged gzip file.
    """
    if str(path) == "-":
        return None
    first = next(read_records(path, format), None)
    if document_format(path, format) != "csv" or not isinstance(first, Row):
        return None
    if text_fields and first.fields.keys().isdisjoint(text_fields):
        raise UserError(
            f"{path}, line 1: the columns are {', '.join(first.fields)}: none is one of the fields "
            f"{', '.join(text_fields)} (set documents.text_fields)"
        )
    return list(first.fields)


def require_documents(
    path: Path, id_field: str, progress: Progress = SILENT, format: str | None = None
) -> None:
    """Read a whole file to see that every line is a document.

    Raises:
        UserError: the first line that is not, and how many there are; or standard input, which
            cannot be read twice.
    """
    if str(path) == "-":
        raise UserError("--strict reads the file twice: standard input will not do")
    first, count = None, 0
    with progress.stage(f"Check {path.name}", unit="lines") as advance:
        for item in read_documents(path, id_field, (), format):
            advance(1)
            if isinstance(item, BadLine):
                first, count = first or item, count + 1
    if first is not None:
        more = f" (and {count - 1} more bad lines)" if count > 1 else ""
        raise UserError(f"{first}{more}; nothing was indexed")


def _renamed(row: Row, id_field: str, text_fields: Sequence[str]) -> Row:
    """Return a row of ``id``, ``title`` and ``text`` under the names of the settings."""
    fields = {name: value for name, value in row.fields.items() if value}
    names = {"id": id_field}
    if len(text_fields) == 1:
        parts = (fields.pop(name, "") for name in ("title", "text"))
        fields[text_fields[0]] = "\n".join(filter(None, parts))
    elif text_fields:
        names["text"] = "text" if "text" in text_fields else text_fields[-1]
        names["title"] = "title" if "title" in text_fields else text_fields[0]
    return Row(row.line, {names.get(name, name): value for name, value in fields.items()})


def _document(
    row: Row, path: Path, id_field: str, text_fields: Sequence[str]
) -> Document | BadLine:
    value = row.fields.get(id_field)
    # OpenSearch's own exports have ids in a field of this name, which cannot be stored.
    if value in (None, "") and isinstance(row.fields.get("_id"), str | int):
        value = row.fields["_id"]
    if "_id" in row.fields and value == row.fields["_id"]:
        row = Row(row.line, {name: one for name, one in row.fields.items() if name != "_id"})
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        written = json.dumps(row.fields, allow_nan=False, sort_keys=True)
    except (ValueError, RecursionError):
        return _bad(row, path, "holds a number that JSON has no form for, or is nested too deeply")
    if value is None or value == "":
        value = content_digest(written)[:32]
    if not isinstance(value, str):
        return _bad(row, path, f"field {id_field}: an id must be a text or a whole number")
    if len(value.encode("utf-8", "replace")) > _ID_BYTES:
        return _bad(row, path, f"field {id_field}: longer than {_ID_BYTES} bytes")
    return Document(value, document_text(row.fields, text_fields), row.fields)


def _bad(row: Row, path: Path, reason: str) -> BadLine:
    raw = json.dumps(_shallow(row.fields), default=str)[:_RAW_KEPT]
    return BadLine(str(path), row.line, reason, raw)


def _shallow(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value)[:1000] for name, value in fields.items()}
