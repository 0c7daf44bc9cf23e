"""Reads JSONL and CSV files as rows: objects with their lines, or the reason for a bad line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_rows import read_csv
from lmtx_search.sources.json_constants import ConstantError, load_json, refuse_constants
from lmtx_search.sources.lines import opened
from lmtx_search.sources.standard_input import is_standard_input
from lmtx_search.sources.text_encoding import text_encoding

JSON_LINES = (".jsonl", ".ndjson", ".json")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a file, and the line on which it begins.

    Attributes:
        whole: the record as it was read, if ``fields`` are only a part of it; otherwise "".
        columns: the names of a spreadsheet's columns, the same tuple for all rows of a sheet. Other
            rows have none.
        id: the id of a record that has none among its fields ("": none).
    """

    line: int
    fields: dict[str, Any]
    whole: str = ""
    columns: tuple[str, ...] = ()
    id: str = ""


def read_rows(
    path: Path, kind: str | None = None, notes: list[str] | None = None
) -> Iterator[Row | BadLine]:
    """Read ``.jsonl`` (``.ndjson``, ``.json``) or ``.csv``, also ``.gz``; ``-`` is JSONL.

    In CSV, the delimiter of the header (comma, semicolon or tab) separates the values. The encoding
    is UTF-8, UTF-16 or cp1252. Memory is bounded by the longest line or row. A JSON list of objects
    is read as a whole, and its objects are numbered as lines are. If it is not valid, none of them
    is read, and the line of the error is the only malformed line.

    Args:
        kind: ``jsonl`` or ``csv``, for other names.
        notes: receives a sentence for each decision that the user should know.

    Raises:
        UserError: no such file, an unknown ending, a CSV file without a usable header, an object
            over several lines.
        LmtxError: the file is damaged (gzip), or reading failed.
    """
    kind = f".{kind}" if kind else _kind(path)
    if kind == ".csv":
        yield from _csv_rows(path, [] if notes is None else notes)
        return
    with opened(path) as stream:
        yield from _json_rows(stream, str(path))


def count_lines(path: Path) -> int | None:
    """Return the number of lines of a file; None for a JSON list, whose lines are no records."""
    lines, last = 0, b""
    with opened(path) as stream:
        while block := stream.read(1 << 20):
            if not last and block.removeprefix(_BOM).lstrip().startswith(b"["):
                return None
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last not in (b"", b"\n"))


def is_row_file(path: Path) -> bool:
    """Return whether :func:`read_rows` reads files with this name."""
    return is_standard_input(path) or ending(path) in (*JSON_LINES, ".csv")


def _kind(path: Path) -> str:
    if not is_row_file(path):
        raise UserError(f"{path}: unknown kind of file, name it .jsonl or .csv (or with .gz)")
    return ".jsonl" if is_standard_input(path) else ending(path)


def ending(path: Path) -> str:
    """Return the ending of a name, in lower case and without ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def checked_list(records: Iterable[object], name: str) -> Iterator[Row | BadLine]:
    """Yield the records of a list as rows numbered from 1, or as malformed lines."""
    for number, record in enumerate(records, 1):
        try:
            refuse_constants(record)
        except ConstantError as error:
            yield bad_constant(name, number, record, error)
        else:
            yield checked_record(name, number, record)


def bad_constant(name: str, number: int, record: object, error: ConstantError) -> BadLine:
    """Return the report of a constant that is not JSON in a record of a list."""
    reason = f"record {number:,} of the list has {error}"
    return BadLine(name, error.line, reason, json.dumps(record, ensure_ascii=False))


def checked_record(name: str, number: int, record: object) -> Row | BadLine:
    """Return a record of a list as a row, or as a malformed line if it is not an object."""
    if isinstance(record, dict):
        return Row(number, record)
    return BadLine(name, number, "not a JSON object", json.dumps(record))


def _json_rows(stream: BinaryIO, name: str) -> Iterator[Row | BadLine]:
    begun = in_object = False
    for number, data in enumerate(stream, start=1):
        line = data.removeprefix(_BOM) if number == 1 else data
        if not begun and line.lstrip().startswith(b"["):
            records, goes_on = _list_of(line, number)
            if goes_on:
                yield from _list_rows(line + stream.read(), number, name)
                return
            if records is not None:
                yield from checked_list(records, name)
                begun = True
                continue
        if in_object and line.lstrip().startswith(b'"'):
            raise UserError(
                f"{name}, line {number - 1}: an object over several lines; one object per line is "
                "expected: `jq -c . FILE` writes it so"
            )
        if in_object:
            yield _json_row(b"{", number - 1, name)
        in_object = not begun and line.strip() == b"{"
        begun = begun or bool(line.strip())
        if in_object:
            continue
        if line.strip():
            # Without its line end, so that the error of a truncated line has the right column.
            yield _json_row(line.rstrip(b"\r\n"), number, name)
    if in_object:
        yield _json_row(b"{", number, name)


def _list_of(line: bytes, number: int) -> tuple[list[Any] | None, bool]:
    """Return the objects of a list on one line (None: it is none), and whether it goes on."""
    try:
        found = load_json(line.decode("utf-8").strip(), number)
    except json.JSONDecodeError as error:
        return None, error.pos == len(error.doc)
    except (ValueError, RecursionError):
        return None, False
    is_list = not found or any(isinstance(one, dict) for one in found)
    return (found if is_list else None), False


def _list_rows(data: bytes, first: int, name: str) -> Iterator[Row | BadLine]:
    """Yield the objects of a list that begins on line ``first``, numbered from 1."""
    try:
        records = load_json(data.decode("utf-8"), first)
    except (ValueError, RecursionError) as error:
        before, reason = _fault(data, error)
        raw = data.split(b"\n")[before].decode("utf-8", "replace").rstrip("\r")
        reason += f"; nothing of the list that begins on line {first} is read"
        yield BadLine(name, first + before, reason, raw)
    else:
        yield from checked_list(records, name)


def _json_row(line: bytes, number: int, name: str) -> Row | BadLine:
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _, reason = _fault(line, error)
    else:
        if isinstance(value, dict):
            return Row(number, value)
        reason = "not a JSON object: one object per line is expected"
    raw = line.decode("utf-8", "replace")
    return BadLine(name, number, reason, raw)


def _fault(data: bytes, error: ValueError | RecursionError) -> tuple[int, str]:
    """Return how many lines stand before the place of an error in JSON, and what is wrong there."""
    if isinstance(error, UnicodeDecodeError):
        column = error.start - data.rfind(b"\n", 0, error.start)
        return data.count(b"\n", 0, error.start), f"not UTF-8 (byte {column})"
    if isinstance(error, json.JSONDecodeError):
        what = error.msg.removesuffix(" at")
        return error.lineno - 1, f"not JSON: {what} at column {error.colno}"
    if isinstance(error, RecursionError):
        return 0, "not readable as JSON: nested too deeply"
    return 0, f"not JSON: {error}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _csv_rows(path: Path, notes: list[str]) -> Iterator[Row | BadLine]:
    with opened(path) as stream:
        encoding = text_encoding(stream)
    if encoding == "cp1252":
        notes.append(
            f"{path} is not UTF-8: it is read as cp1252 (Windows, Western Europe); save it as "
            "UTF-8 if letters are wrong"
        )
    wide = encoding.startswith("utf-16")
    # Bytes that cannot be decoded become surrogates, so that the rest of the file is read.
    errors = "surrogatepass" if wide else "surrogateescape"
    name = encoding.removesuffix("-sig").upper()
    with opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
        try:
            for row in read_csv(text, str(path), name, notes):
                yield row if isinstance(row, BadLine) else Row(*row)
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is cut off: {name} needs two bytes per character") from error
