"""CSV files as spreadsheets, databases and repositories write them."""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TextIO

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import Column, columns_of, delimiter_of

_DIGITS = re.compile(r"\d+")
# A quoted value that ends in the line in which it begins.
_CLOSED = re.compile(r'"(?:[^"]|"")+"')
# How MySQL and PostgreSQL write a missing value.
_NULL = "\\N"
# The characters for bytes that could not be decoded.
_SURROGATES = re.compile("[\ud800-\udfff]")
# The byte order mark of UTF-8, as a character.
_MARK = "\ufeff"
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
    headers = 0
    while True:
        lines.begin()
        problem, values = "", []
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            problem = "a quote is not closed" if lines.several else f"not CSV: {error}"
            lines.give_back_all_but_first()
        if not problem and not any(value.strip() for value in values):
            continue
        if values == names:
            headers += 1
            continue
        problem = problem or table.problem(values)
        if lines.several and table.has_swallowed(lines.used, lines.first, problem, values):
            problem = "a quote is not closed"
            lines.give_back_all_but_first()
        if problem:
            raw = "".join(lines.used).rstrip("\r\n")
            yield BadLine(name, lines.first, problem, _repaired(raw))
        else:
            yield lines.first, table.fields(values)
    if headers:
        notes.append(f"{name}: rows that repeat the header are skipped: {headers:,}")


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
        if not self.used:
            # Of a file that was appended to another one.
            line = line.removeprefix(_MARK)
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
        for column, written in zip(self.columns, values, strict=False):
            value = "" if written == _NULL else written
            if column.repeated:
                fields.setdefault(column.name, []).extend([value] if value.strip() else [])
            elif column.named or value.strip():
                fields[column.name] = value
            if not column.named and value.strip():
                self._note_once(
                    "Columns without a name in the header get names such as ", column.name
                )
        return fields

    def has_swallowed(self, lines: list[str], at: int, problem: str, values: list[str]) -> bool:
        """Return whether the lines after the first one of a row are rows of their own.

        Then a quote in the first line was never closed, and a quote of a later row ended it. In a
        cell of several lines, lines look like rows only by chance.

        Args:
            lines: all lines of the row.
            at: the number of the first one.
            problem: the problem of the row. Without one, more evidence is needed.
            values: the values of the row.
        """
        if len(self.columns) < 2:
            return False
        rows = [self._cells(line) for line in lines]
        if problem:
            return any(self._fits(row) and '"' not in "".join(row) for row in rows[1:])
        if not all(map(self._fits, rows[1:])):
            return False
        form = _DIGITS.sub("0", values[0])
        if "0" in form and all(_DIGITS.sub("0", row[0]) == form for row in rows[1:]):
            # Rows go on counting; a list inside a cell begins anew.
            if _rises([values[0], *(row[0] for row in rows[1:])]):
                return True
            self._note_undecided(at)
            return False
        if not self._fits(rows[0]):
            return False
        # In prose, a space follows a comma.
        is_prose = any(cell[:1].isspace() for row in rows for cell in row[1:])
        is_pairs = len(rows[0]) == 2 and '"' in rows[0][-1]
        if is_prose or is_pairs:
            self._note_undecided(at)
        return not is_prose and not is_pairs

    def _note_undecided(self, at: int) -> None:
        self._note_once(
            "Each line of the row at line ",
            f"{at} could be a row of its own: if a quote is missing there, close it",
        )

    def _cells(self, line: str) -> list[str]:
        """Return the values of a single line; an open quote is an ordinary character."""
        return _CLOSED.sub("x", line.rstrip("\r\n")).split(self.delimiter)

    def _note_once(self, beginning: str, rest: str) -> None:
        if not any(note.startswith(beginning) for note in self.notes):
            self.notes.append(beginning + rest)

    @property
    def _width(self) -> int:
        """Columns up to the last that has a name: spreadsheets end lines with delimiters."""
        return max(place for place, column in enumerate(self.columns, 1) if column.named)

    def _fits(self, values: list[str]) -> bool:
        more = values[len(self.columns) :]
        return len(values) >= self._width and not any(value.strip() for value in more)


def _rises(ids: Sequence[str]) -> bool:
    """Return whether the numbers in ids are larger in each one than in the one before."""
    numbers = [[int(part) for part in _DIGITS.findall(id_)] for id_ in ids]
    return all(one < other for one, other in pairwise(numbers))


def _is_broken(value: str) -> bool:
    return bool(_SURROGATES.search(value))


def _repaired(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text)
