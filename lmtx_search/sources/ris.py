"""References in RIS, as reference managers and databases export them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.records import BadLine
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.lines import read_lines
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row

# The standard has two blanks before the hyphen and one after it. Exports with one, or with tabs,
# before it are read too, and those with two before it and none after it. In a long text, they
# are text if all tags so far are as the standard has them: "CT - guided biopsy" may begin a line of
# an abstract.
_TAG = re.compile(r"([A-Z][A-Z0-9])(?:[ \t]+-(?:[ \t]+(.*))?|  -(.*))$")
_LONG_TEXTS = ("AB  - ", "N1  - ", "N2  - ")
_AUTHORS = ("first_authors", "authors", "secondary_authors")
# Titles of a chapter and of a book, which rispy does not know.
_OTHER_TITLES = ("CT", "BT")


def read_ris(path: Path, options: ReadOptions | None = None) -> Iterator[Row | BadLine]:
    """Yield a row of ``title``, ``text``, ``authors``, ``keywords`` and others for each reference.

    ``title`` is that of the reference (TI, T1), of its chapter (CT) or book (BT), or the only one
    that it has. ``text`` is the abstract (all of them) and the notes; ``keywords`` can be gold
    tags. A reference begins with ``TY``, even if the previous one has no ``ER``. ``line`` is the
    line of its ``TY``.

    Raises:
        UserError: no such file, or not UTF-8.
        LmtxError: a damaged gzip file.
        MissingExtra: rispy is not installed.
    """
    try:
        import rispy
    except ImportError as error:
        raise MissingExtra("library", "reading RIS") from error
    options = options or ReadOptions()
    unended = 0
    for line, lines in _references(path):
        if not lines[0].startswith("TY"):
            if any(text.strip() for text in lines):
                raw = "\n".join(lines)[:1000]
                yield BadLine(str(path), line, "outside of a reference: TY must come first", raw)
            continue
        unended += lines[-1] != "ER  - "
        text = "\n".join(lines if lines[-1] == "ER  - " else [*lines, "ER  - "])
        try:
            # Without this, the second abstract of a reference is lost.
            (found,) = rispy.loads(text, enforce_list_tags=False)
        except (ValueError, OSError, KeyError, TypeError) as error:
            yield BadLine(str(path), line, f"not RIS: {error}", text[:1000])
            continue
        yield Row(line, _fields(found), text)
    if unended:
        options.notes.append(f"{path}: references without an end (ER): {unended:,}, all were read")


def count_ris(path: Path) -> int:
    """Return how many references begin in a file."""
    return sum(line.startswith("TY") and bool(_TAG.match(line)) for _, line in read_lines(path))


def _references(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the tags from one TY to the next, each on one line and as the standard has it."""
    start, lines, is_standard = 1, list[str](), False
    for number, line in read_lines(path):
        match = _TAG.match(line)
        is_open = bool(lines) and lines[-1] != "ER  - "
        has_standard_form = line.startswith("  -", 2)
        if match and is_open and is_standard and not has_standard_form:
            ends = match[1] == "TY" or (match[1] == "ER" and not _value(match))
            if lines[-1].startswith(_LONG_TEXTS) and not ends:
                match = None
        if match:
            is_standard = has_standard_form and (is_standard or match[1] == "TY")
        if match and (match[1] == "TY" or (lines and lines[-1] == "ER  - ")):
            if lines:
                yield start, lines
            start, lines = number, []
        if match:
            lines.append("ER  - " if match[1] == "ER" else f"{match[1]}  - {_value(match)}")
        elif line.strip() and lines and lines[-1].startswith("KW  - "):
            lines.append(f"KW  - {line.strip()}")  # EndNote writes each keyword on a line
        elif line.strip() and lines and lines[-1] != "ER  - ":
            # rispy raises an error if such a line follows a repeated tag.
            lines[-1] += f" {line.strip()}"
        elif line.strip():
            if lines:
                yield start, lines
            start, lines = number, [line]
    if lines:
        yield start, lines


def _value(tag: re.Match[str]) -> str:
    return tag[2] or tag[3] or ""


def _fields(found: dict[str, Any]) -> dict[str, Any]:
    others = found.get("unknown_tag") or {}
    titles = [
        *_texts(found, "title", "primary_title"),
        *_texts(others, *_OTHER_TITLES),
        # That of the journal or of the series, where there is no other.
        *_texts(found, "translated_title", "short_title", "secondary_title"),
    ]
    fields = {
        "id": _first(found, "id", "accession_number", "doi"),
        "title": next(iter(titles), ""),
        "text": "\n".join([*_texts(found, "abstract", "notes_abstract"), *_texts(found, "notes")]),
        "authors": list(dict.fromkeys(_texts(found, *_AUTHORS))),
        "keywords": _texts(found, "keywords"),
        "year": _first(found, "year", "publication_year"),
        "doi": _first(found, "doi"),
        "url": _first(found, "urls", "url"),
    }
    return {name: value for name, value in fields.items() if value}


def _texts(found: dict[str, Any], *names: str) -> list[str]:
    """Return the values of fields; a repeated one is a list. Databases also export HTML."""
    values = (found.get(name) or [] for name in names)
    flat = (one for value in values for one in (value if isinstance(value, list) else [value]))
    plain = (plain_or_html_text(str(one)) for one in flat)
    return [text for one in plain if (text := " ".join(one.split()))]


def _first(found: dict[str, Any], *names: str) -> str:
    return next(iter(_texts(found, *names)), "")
