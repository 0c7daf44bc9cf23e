"""Answers of a search on one line, and other single objects that hold records instead of one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, document_text, value_at
from lmtx_search.sources.rows import Row, checked_record
from lmtx_search.sources.standard_input import is_standard_input

_OF_ANSWERS = {"took", "_shards", "_scroll_id", "pit_id"}
_OF_FAILURES = {*_OF_ANSWERS, "timed_out", "error", "status"}


class SearchAnswers:
    """Reads the hits of ``_search`` answers, and how many hits the search has in all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = self._most = 0

    def hits(self, row: Row) -> list[Row | BadLine] | None:
        """Return the hits of an answer, with its line (None: the row is a document).

        Those without a document, and an error in place of an answer, are malformed lines.
        """
        if row.fields.keys() >= {"error", "status"} and row.fields.keys() <= _OF_FAILURES:
            reason = "an error of a search in place of its hits: fetch them again"
            return [BadLine(str(self._path), row.line, reason, json.dumps(row.fields)[:1000])]
        found = row.fields.get("hits")
        is_answer = row.fields.keys() == {"hits"} or not _OF_ANSWERS.isdisjoint(row.fields)
        if not is_answer or not isinstance(found, dict) or not isinstance(found.get("hits"), list):
            return None
        hits = [self._checked(row.line, hit) for hit in found["hits"]]
        total = found.get("total")
        total = total.get("value") if isinstance(total, dict) else total
        self._held += sum(isinstance(hit, Row) for hit in hits)
        self._most = max(self._most, total if isinstance(total, int) else 0)
        return hits

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
    rows: Iterator[Row | BadLine], path: Path, id_field: str, text_fields: Sequence[str]
) -> Iterator[Row | BadLine]:
    """Yield the rows of a file, unless its only one is a list of records under a name.

    Raises:
        UserError: the only object has neither id nor text, but a list of objects that have.
    """
    first = next(rows, None)
    name = _list_of(first, id_field, text_fields) if isinstance(first, Row) else ""
    if first is not None and name:
        second = next(rows, None)
        if second is None:
            items = shlex.quote(f".[{json.dumps(name)}][]")
            file = "" if is_standard_input(path) else f" {shlex.quote(str(path))}"
            raise UserError(
                f"{path} is one object with a list of objects under {name}, and none of "
                f"{', '.join(text_fields)}: one document per line is expected: "
                f"`jq -c {items}{file}` writes it so"
            )
        yield from (first, second)
    elif first is not None:
        yield first
    yield from rows


def _list_of(row: Row, id_field: str, text_fields: Sequence[str]) -> str:
    """Return the name of a list of documents in an object that is none ("": there is none)."""

    def is_document(one: object) -> bool:
        has_id = value_at(one, id_field) is not None
        return isinstance(one, dict) and (has_id or document_text(one, text_fields) != "")

    if row.id or is_document(row.fields):
        return ""
    lists = ((name, value) for name, value in row.fields.items() if isinstance(value, list))
    return next((name for name, value in lists if any(map(is_document, value))), "")
