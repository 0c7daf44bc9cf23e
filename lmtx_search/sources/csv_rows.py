"""CSV files as spreadsheets, databases and repositories write them."""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import Column, columns_of, delimiter_of

_RAW_KEPT = 100_000
_DIGITS = re.compile(r"\d+")
# The characters for bytes that could not be decoded.
_SURROGATES = re.compile("[\ud800-\udfff]")
# A quote that is open for this many characters counts as not closed.
_LONGEST_ROW = 64_000_000


def read_csv(
    text: TextIO, name: str, encoding: str, notes: list[str]
) -> Iterator[tuple[int, dict[str, Any]] | BadLine]:
    """Yield each row's first line and its fields, or the reason why it is not a row.

    A quote that is not closed affects only its own row. Columns with the same name become a list of
    values.

    Args:
        text: the file, opened with ``newline=""``; bytes that cannot be decoded are surrogates.
        name: of the file.
        encoding: of the file, for messages.
        notes: receives a sentence for each decision that the user should know.

    Raises:
        UserError: the file has no header.
    """
    # A document may be larger than the csv module's limit of 128 KiB for a field.
    csv.field_size_limit(sys.maxsize)
    lines = _Lines(text)
    if said := delimiter_of(lines.peek(), alone=True):
        lines.drop()
    delimiter = said or delimiter_of(lines.peek())
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    lines.begin()
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise UserError(f"{name}, line 1: the header is not CSV: {error}") from error
    named = [column.strip() for column in names if column.strip()]
    if not named or len(named) > len(set(named)) == 1:
        raise UserError(f"{name}, line 1: a CSV file starts with a header, the names of columns")
    if any(map(_is_broken, names)):
        raise UserError(f"{name}, line 1: the header is not {encoding}: save the file as UTF-8")
    table = _Table(name, columns_of(names, notes), delimiter, encoding, notes)
    while True:
        lines.begin()
        problem, values = "", []
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = "a quote is not closed" if lines.several else f"not CSV: {error}"
            lines.give_back_all_but_first()
        if not problem and not any(value.strip() for value in values):
            continue
        problem = problem or table.problem(values)
        if lines.several and table.swallowed_rows(lines.used[1:], "" if problem else values[0]):
            problem = "a quote is not closed"
            lines.give_back_all_but_first()
        if problem:
            raw = "".join(lines.used).rstrip("\r\n")[:_RAW_KEPT]
            yield BadLine(name, lines.first, problem, _repaired(raw))
        else:
            yield lines.first, table.fields(values)


class _Lines(Iterator[str]):
    """Lines for the csv module; the lines of the current row are kept to be read again."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self._taken = 0
        self._size = 0
        self.used: list[str] = []
        self.first = 1
        self.several = False

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._text.readline()
        if not line:
            raise StopIteration
        self.used.append(line)
        self._taken += 1
        self._size += len(line)
        self.several = len(self.used) > 1
        if self._size > _LONGEST_ROW and self.several:
            raise csv.Error("a quote is not closed")
        return line

    def peek(self) -> str:
        if not self._ahead and (line := self._text.readline()):
            self._ahead.append(line)
        return self._ahead[0] if self._ahead else ""

    def drop(self) -> None:
        self._ahead.popleft()
        self._taken += 1

    def begin(self) -> None:
        """Begin a row."""
        self.used, self._size, self.several = [], 0, False
        self.first = self._taken + 1

    def give_back_all_but_first(self) -> None:
        self._ahead.extendleft(reversed(self.used[1:]))
        self._taken -= len(self.used) - 1
        del self.used[1:]


@dataclass(slots=True)
class _Table:
    name: str
    columns: list[Column]
    delimiter: str
    encoding: str
    notes: list[str]

    def problem(self, values: list[str]) -> str:
        """Return the problem of a row ("" if it has none)."""
        if not self._fits(values):
            return f"{len(values)} values, but the header has {self._width}"
        return f"not {self.encoding}" if any(map(_is_broken, values)) else ""

    def fields(self, values: list[str]) -> dict[str, Any]:
        """Return the fields of a row without a problem."""
        fields: dict[str, Any] = {}
        for column, value in zip(self.columns, values, strict=False):
            if column.repeated:
                fields.setdefault(column.name, []).extend([value] if value.strip() else [])
            elif column.named or value.strip():
                fields[column.name] = value
            if not column.named and value.strip():
                note = f"Columns without a name in the header get names such as {column.name}"
                if not any(known.startswith("Columns without a name") for known in self.notes):
                    self.notes.append(note)
        return fields

    def swallowed_rows(self, lines: list[str], first: str) -> bool:
        """Return whether the lines after the first one of a row are rows of their own.

        Args:
            first: the row's first value, if the row fits the header. Then all of them must fit
                too, and begin with a value of the same form, such as a number.
        """
        if len(self.columns) < 2:
            return False
        rows = [line.rstrip("\r\n").split(self.delimiter) for line in lines]
        if not first:
            return any(self._fits(row) and '"' not in "".join(row) for row in rows)
        form = _DIGITS.sub("0", first)
        return "0" in form and all(
            self._fits(row) and _DIGITS.sub("0", row[0]) == form for row in rows
        )

    @property
    def _width(self) -> int:
        """Columns up to the last that has a name: spreadsheets end lines with delimiters."""
        return max(place for place, column in enumerate(self.columns, 1) if column.named)

    def _fits(self, values: list[str]) -> bool:
        more = values[len(self.columns) :]
        return len(values) >= self._width and not any(value.strip() for value in more)


def _is_broken(value: str) -> bool:
    return bool(_SURROGATES.search(value))


def _repaired(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text)
