"""References in BibTeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.records import BadLine
from lmtx_search.sources.bibtex_values import joined_value, names_of
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.lines import read_lines
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row

_ENTRY = re.compile(r"\s*@(?!comment|string|preamble)\w+\s*[{(]", re.IGNORECASE)
# A field after another one's value.
_NEXT = re.compile(r"[}\"\s](\w[\w-]*)\s*=")
# In LaTeX this begins a comment; in the values of real files it is a percent sign.
_ESCAPED = re.compile(r"\\([_%&#$])")
_PERCENT = re.compile(r"(?<!\\)%")
_SEPARATOR = re.compile(r"\s*[;,]\s*")


def read_bibtex(path: Path, options: ReadOptions | None = None) -> Iterator[Row | BadLine]:
    """Yield a row of ``id``, ``title``, ``text``, ``authors`` and ``keywords`` for each entry.

    ``text`` is the abstract and the note, without LaTeX; ``keywords`` can be gold tags. The file is
    read as a whole. ``line`` is the entry's first.

    Raises:
        UserError: no such file, or not UTF-8.
        LmtxError: a damaged gzip file.
        MissingExtra: bibtexparser is not installed.
    """
    try:
        import bibtexparser
        from bibtexparser.middlewares import NormalizeFieldKeys
        from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock
    except ImportError as error:
        raise MissingExtra("library", "reading BibTeX") from error
    options = options or ReadOptions()
    text = "\n".join(line for _, line in read_lines(path))
    # Its log messages become BadLine.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    # Values stay as they are written: the library does not join those with "#" in between.
    library = bibtexparser.parse_string(text, parse_stack=[NormalizeFieldKeys()])
    strings: dict[str, str] = {}
    for one in library.strings:
        strings[one.key.lower()] = joined_value(str(one.value), strings) or ""
    twice = 0
    blocks = [*library.entries, *library.failed_blocks]
    for block in sorted(blocks, key=lambda one: one.start_line or 0):
        entry, line = block, (block.start_line or 0) + 1
        if isinstance(block, DuplicateFieldKeyBlock):
            twice += 1
        if isinstance(block, DuplicateFieldKeyBlock | DuplicateBlockKeyBlock):
            entry = block.ignore_error_block
        if not hasattr(entry, "fields"):
            reason = "not BibTeX: an entry or a value does not end"
            yield BadLine(str(path), line, reason, str(block.raw)[:1000])
            continue
        fields: dict[str, str] = {}
        wrong = ""
        for field in entry.fields:
            value = joined_value(str(field.value), strings)
            if value is None:
                following = _NEXT.search(str(field.value))
                wrong = wrong or (
                    f"a comma is missing before the field {following[1]}"
                    if following
                    else f"the field {field.key} is not one value"
                )
            fields.setdefault(field.key.lower(), value or "")
        if wrong:
            yield BadLine(str(path), line, wrong, str(block.raw)[:1000])
        else:
            yield Row(line, _fields(entry.key, fields))
    if twice:
        options.notes.append(
            f"{path}: entries with a repeated field: {twice:,}; the first one is used"
        )


def count_bibtex(path: Path) -> int:
    """Return how many entries begin in a file."""
    return sum(_ENTRY.match(line) is not None for _, line in read_lines(path))


def _fields(key: str, found: dict[str, str]) -> dict[str, Any]:
    authors = map(_plain, names_of(found.get("author", "")))
    fields = {
        "id": key,
        "title": _plain(found.get("title", "")),
        "text": "\n".join(_plain(found[name]) for name in ("abstract", "note") if name in found),
        "authors": [name for one in authors if (name := one.strip())],
        "keywords": list(filter(None, _SEPARATOR.split(_plain(found.get("keywords", ""))))),
        "year": _plain(found.get("year", "")),
        **{name: _address(found.get(name, "")) for name in ("doi", "url")},
    }
    return {name: value for name, value in fields.items() if value}


def _address(value: str) -> str:
    """Return an address, in which ~ and -- are no commands of LaTeX."""
    plain = _ESCAPED.sub(r"\1", value.replace(r"\~{}", "~").replace(r"\textasciitilde{}", "~"))
    return plain.strip().removeprefix(r"\url{").removesuffix("}").strip("{}")


def _plain(value: str) -> str:
    """Return a value without LaTeX and HTML; formulas are not changed."""
    from pylatexenc.latex2text import LatexNodes2Text

    decoder = LatexNodes2Text(math_mode="verbatim")
    text = decoder.latex_to_text(_PERCENT.sub(r"\%", value))
    return " ".join(plain_or_html_text(text).split())
