"""Answers of a search on one line, and other single objects that hold records instead of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, document_text
from lmtx_search.sources.rows import Row, checked_record

_OF_ANSWERS = {"took", "_shards", "_scroll_id", "pit_id"}


class SearchAnswers:
    """Reads the hits of ``_search`` answers, and how many hits the search has in all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = self._most = 0

    def hits(self, row: Row) -> list[Row | BadLine] | None:
        """Return the hits of an answer, with its line (None: the row is a document)."""
        found = row.fields.get("hits")
        is_answer = row.fields.keys() == {"hits"} or not _OF_ANSWERS.isdisjoint(row.fields)
        if not is_answer or not isinstance(found, dict) or not isinstance(found.get("hits"), list):
            return None
        hits, total = found["hits"], found.get("total")
        total = total.get("value") if isinstance(total, dict) else total
        self._held += len(hits)
        self._most = max(self._most, total if isinstance(total, int) else 0)
        return [self._checked(row.line, hit) for hit in hits]

    def notes(self) -> list[str]:
        """Return a sentence if the search has more hits than the answers."""
        if self._most <= self._held:
            return []
        return [
            f"{self._path} holds {self._held:,} of the {self._most:,} hits of a search: fetch the "
            "others too, with a larger size, search_after or scroll"
        ]

    def _checked(self, line: int, hit: object) -> Row | BadLine:
        checked = checked_record(str(self._path), line, hit)
        if isinstance(checked, Row) and not isinstance(checked.fields.get("_source"), dict):
            return BadLine(str(self._path), line, "a hit without _source", json.dumps(hit)[:1000])
        return checked


def without_single_lists(
    rows: Iterator[Row | BadLine], path: Path, text_fields: Sequence[str]
) -> Iterator[Row | BadLine]:
    """Yield the rows of a file, unless its only one is a list of records under a name.

    Raises:
        UserError: the only object has no text, but a list of objects.
    """
    first = next(rows, None)
    name = _list_of(first.fields, text_fields) if isinstance(first, Row) else ""
    if first is not None and name:
        second = next(rows, None)
        if second is None:
            raise UserError(
                f"{path} is one object with a list of objects under {name}, and none of "
                f"{', '.join(text_fields)}: one document per line is expected: "
                f"`jq -c '.[\"{name}\"][]' FILE` writes it so"
            )
        yield from (first, second)
    elif first is not None:
        yield first
    yield from rows


def _list_of(fields: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """Return the name of a list of objects in a document without text ("": there is none)."""
    if document_text(fields, text_fields):
        return ""
    lists = (name for name, value in fields.items() if isinstance(value, list) and value)
    return next((name for name in lists if all(isinstance(o, dict) for o in fields[name])), "")
