"""JSONL and CSV files as rows: one object each, with its line, or why it is none."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.lines import gzip_fault

JSON_LINES = (".jsonl", ".ndjson", ".json")
_RAW_KEPT = 100_000
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a file; in a CSV file ``line`` is the last line of the row."""

    line: int
    fields: dict[str, Any]


def read_rows(path: Path, kind: str | None = None) -> Iterator[Row | BadLine]:
    """Read ``.jsonl`` (``.ndjson``, ``.json``) or ``.csv``, also ``.gz``; ``-`` is JSONL on stdin.

    ``kind`` (``jsonl`` or ``csv``) is for other names. In CSV, commas, semicolons or tabs are
    between the values, whichever the header has. Memory is bounded by the longest line.

    Raises:
        UserError: no such file, an unknown ending, a CSV file without a usable header.
        LmtxError: the file is damaged (gzip) or cannot be read on.
    """
    kind = f".{kind}" if kind else _kind(path)
    with opened(path) as stream:
        if kind == ".csv":
            yield from _csv_rows(stream, str(path))
        else:
            yield from _json_rows(stream, str(path))


def count_lines(path: Path) -> int | None:
    """Return how many lines a file has (None: standard input)."""
    if str(path) == "-":
        return None
    lines, last = 0, b"\n"
    with opened(path) as stream:
        while block := stream.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def is_row_file(path: Path) -> bool:
    """Tell by its name whether a file is one that :func:`read_rows` reads."""
    return str(path) == "-" or ending(path) in (*JSON_LINES, ".csv")


def _kind(path: Path) -> str:
    if not is_row_file(path):
        raise UserError(f"{path}: unknown kind of file, name it .jsonl or .csv (or with .gz)")
    return ".jsonl" if str(path) == "-" else ending(path)


def ending(path: Path) -> str:
    """Return what a name ends with, in lower case and without ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file (also ``.gz``; ``-`` is standard input) for its bytes.

    Raises:
        UserError: no such file, a folder, or not to be read.
        LmtxError: the file is damaged (gzip).
    """
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder, not a file") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    with file:
        try:
            if path.suffix.lower() == ".gz":
                with gzip.open(file) as stream:
                    yield stream  # type: ignore[misc]
            else:
                yield file
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise gzip_fault(path, error) from error


def _json_rows(stream: BinaryIO, name: str) -> Iterator[Row | BadLine]:
    for number, data in enumerate(stream, start=1):
        line = data.removeprefix(_BOM) if number == 1 else data
        if line.strip():
            # Without its end: else a line that stops too early is wrong "at column 1".
            yield _json_row(line.rstrip(b"\r\n"), number, name)


def _json_row(line: bytes, number: int, name: str) -> Row | BadLine:
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 (byte {error.start + 1})"
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
    except RecursionError:
        reason = "not JSON that can be read: nested too deeply"
    except ValueError as error:
        reason = f"not JSON: {error}"
    else:
        if isinstance(value, dict):
            return Row(number, value)
        reason = "not a JSON object: one object a line is expected"
    raw = line[:_RAW_KEPT].decode("utf-8", "replace")
    return BadLine(name, number, reason, raw)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _csv_rows(stream: BinaryIO, name: str) -> Iterator[Row | BadLine]:
    # A document may be larger than the csv module's limit of 128 KiB for a field.
    csv.field_size_limit(sys.maxsize)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline()
    reader = csv.reader(chain([first], text), strict=True, delimiter=_delimiter(first))
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise UserError(f"{name}, line 1: the header is not CSV: {error}") from error
    if not header or not all(header) or len(set(header)) < len(header):
        raise UserError(f"{name}, line 1: a CSV file starts with a header of different names")
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadLine(name, reader.line_num, f"not CSV: {error}")
            continue
        if not values:
            continue
        line = reader.line_num
        raw = ",".join(values)[:_RAW_KEPT]
        if len(values) != len(header):
            reason = f"{len(values)} values, but the header has {len(header)}"
            yield BadLine(name, line, reason, _repaired(raw))
        elif any("\udc80" <= character <= "\udcff" for character in raw) or any(
            _is_broken(value) for value in values
        ):
            yield BadLine(name, line, "not UTF-8", _repaired(raw))
        else:
            yield Row(line, dict(zip(header, values, strict=True)))


def _delimiter(header: str) -> str:
    """Return what is between a header's names: spreadsheets do not agree on it."""
    return max(",;\t", key=header.count)


def _is_broken(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _repaired(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
