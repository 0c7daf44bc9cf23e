"""Annif's corpora with metadata: CSV and JSONL, with the right subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import one_line
from lmtx_search.sources.rows import Row, read_rows

SUBJECTS = "subjects"
"""The field for a document's right labels (ids or texts), for --gold-field."""

_COLUMN = "subject_uris"


def read_annif_records(path: Path, kind: str, notes: list[str]) -> Iterator[Row | BadLine]:
    """Yield a row of ``id``, ``text``, ``subjects`` and the metadata for each record.

    CSV has the column ``text`` and optionally ``document_id`` and ``subject_uris`` (addresses
    separated by blanks); all others are metadata. JSONL has the fields of Annif's schema:
    ``document_id``, ``text``, ``metadata`` and ``subjects``, a list of objects with ``uri`` or
    ``label``. Metadata with the name of one of these fields gets the prefix ``metadata_``.

    Args:
        kind: ``csv`` or ``jsonl``.
        notes: receives a sentence for each decision that the user should know.

    Raises:
        UserError: a CSV file without the column ``text``.
    """
    table = kind == "csv"
    for row in read_rows(path, kind, notes):
        if isinstance(row, BadLine):
            yield row
            continue
        if table and "text" not in row.fields:
            raise UserError(
                f"{path}, line 1: the columns are {one_line(row.fields)}: text is needed (and "
                f"document_id and {_COLUMN}, if there are any)"
            )
        try:
            yield Row(row.line, _table_row(row.fields) if table else _record(row.fields))
        except ValueError as error:
            yield BadLine(str(path), row.line, str(error), str(row.fields)[:1000])


def clean_uri(uri: str) -> str:
    """Return an address without its angle brackets."""
    uri = uri.strip()
    return uri[1:-1] if uri.startswith("<") and uri.endswith(">") else uri


def _table_row(fields: Mapping[str, str]) -> dict[str, Any]:
    own = ("document_id", "text", _COLUMN)
    metadata = {name: value for name, value in fields.items() if name not in own}
    uris = fields.get(_COLUMN)
    subjects = None if uris is None else [clean_uri(uri) for uri in uris.split()]
    return _with_metadata(fields.get("document_id"), fields["text"], subjects, metadata)


def _record(fields: Mapping[str, Any]) -> dict[str, Any]:
    metadata = fields.get("metadata", {})
    if not isinstance(metadata, Mapping):
        raise ValueError("field metadata: an object is expected")
    if "text" not in fields and "metadata" not in fields:
        raise ValueError("no field text and no field metadata: one of them is expected")
    found = fields.get("subjects")
    if found is not None and not isinstance(found, list):
        raise ValueError("field subjects: a list of objects with uri or label is expected")
    subjects = None if found is None else list(map(_subject, found))
    return _with_metadata(fields.get("document_id"), fields.get("text", ""), subjects, metadata)


def _subject(value: Any) -> str:
    found = (value.get("uri") or value.get("label")) if isinstance(value, Mapping) else None
    if not isinstance(found, str):
        raise ValueError("field subjects: a list of objects with uri or label is expected")
    return clean_uri(found)


def _with_metadata(
    id_: Any, text: Any, subjects: list[str] | None, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    own = {"id": id_, "text": text, SUBJECTS: subjects}
    named = {f"metadata_{name}" if name in own else name: one for name, one in metadata.items()}
    return {name: value for name, value in {**own, **named}.items() if value is not None}
