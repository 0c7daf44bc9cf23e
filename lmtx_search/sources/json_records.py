"""Reads the records of a JSON file: one list, or one record per line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.json_constants import load_json
from lmtx_search.sources.lines import opened
from lmtx_search.sources.rows import Row, checked_record, read_rows


def read_json_records(path: Path, keys: Sequence[str], notes: list[str]) -> Iterator[Row | BadLine]:
    """Yield the objects of a list, of the list under one of ``keys``, or one per line.

    A file with one list is read as a whole. Its records are numbered from 1, as lines are. They may
    hold constants that are not JSON, because not all of their fields are read; see
    :func:`~lmtx_search.sources.json_constants.refuse_constants`.

    Args:
        notes: gets a sentence if the file is one page of a longer list.

    Raises:
        UserError: the file does not exist, or has another form.
        LmtxError: a damaged gzip file.
    """
    with opened(path) as stream:
        content = stream.read()
    records = _list_of(content, path, keys, notes)
    if records is None:
        for row in read_rows(path, "jsonl"):
            if isinstance(row, Row) and (page := _page_of(row.fields, keys)) is not None:
                # Answers of an API that were saved one per line.
                yield from (checked_record(str(path), row.line, record) for record in page)
            else:
                yield row
        return
    for number, record in enumerate(records, 1):
        yield checked_record(str(path), number, record)


def _page_of(fields: Mapping[str, Any], keys: Sequence[str]) -> list[Any] | None:
    """Return the records of a page of an API's answer (None: the fields are a record)."""
    if "id" in fields:
        return None
    return next((list(fields[key]) for key in keys if isinstance(fields.get(key), list)), None)


def _list_of(content: bytes, path: Path, keys: Sequence[str], notes: list[str]) -> list[Any] | None:
    """Return the list of a file that is one JSON value; None if it has one object per line."""
    try:
        found = load_json(content.decode("utf-8-sig"))
    except (
        ValueError,
        RecursionError,
    ):  # several values, or an error that reading by lines will report
        return None
    if isinstance(found, list):
        return found
    for key in keys:
        if isinstance(found, dict) and isinstance(found.get(key), list):
            records = list(found[key])
            if _has_more(found, len(records)):
                notes.append(
                    f"{path} holds {len(records):,} records and says that there are more: it is "
                    "one page of an API's answer, so fetch the other pages too"
                )
            return records
    if isinstance(found, dict) and content.count(b"\n") <= 1:
        return [found]
    raise UserError(
        f"{path}: a list of records is expected, one record per line, or a list under "
        f"{' or '.join(keys)}"
    )


def _has_more(answer: Mapping[str, Any], count: int) -> bool:
    """Return whether an answer of an API has further pages."""
    meta = answer.get("meta")
    totals = (answer.get(name) for name in ("total", "count"))
    return (
        any(answer.get(name) for name in ("next_page", "nextPageToken", "nextCursor"))
        or answer.get("isLast") is False
        or answer.get("end_of_stream") is False
        or (isinstance(meta, dict) and meta.get("has_more") is True)
        or any(isinstance(total, int) and total > count for total in totals)
    )
