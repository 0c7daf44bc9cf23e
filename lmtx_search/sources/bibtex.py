"""References in BibTeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra
from lmtx_search.records import BadLine
from lmtx_search.sources.bibtex_values import joined_value, keywords_of, names_of
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.latex_text import LatexReader
from lmtx_search.sources.lines import read_lines
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row

_ENTRY = re.compile(r"\s*@(?!comment|string|preamble)\w+\s*[{(]", re.IGNORECASE)
# A field after another one's value.
_NEXT = re.compile(r"[}\"\s](\w[\w-]*)\s*=")
_ESCAPED = re.compile(r"\\([_%&#$])")
_YEAR = re.compile(r"\d{4}")


def read_bibtex(path: Path, options: ReadOptions | None = None) -> Iterator[Row | BadLine]:
    """Yield a row of ``id``, ``title``, ``text``, ``authors`` and ``keywords`` for each entry.

    ``title`` has the subtitle and the addition of BibLaTeX. ``text`` is the abstract and the note,
    without LaTeX; ``keywords`` can be gold tags. The file is read as a whole. ``line`` is the
    entry's first.

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
    twice, latex = 0, LatexReader()
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
            try:
                yield Row(line, _fields(entry.key, fields, latex), str(block.raw))
            except RecursionError:
                reason = "its LaTeX cannot be read: braces are nested too deeply"
                yield BadLine(str(path), line, reason, str(block.raw)[:1000])
            except Exception as error:  # pylatexenc raises any kind of error for unusual commands
                reason = f"its LaTeX cannot be read ({type(error).__name__}: {str(error)[:100]})"
                yield BadLine(str(path), line, reason, str(block.raw)[:1000])
    if twice:
        options.notes.append(
            f"{path}: entries with a repeated field: {twice:,}; the first one is used"
        )
    if latex.unknown:
        named = ", ".join(f"\\{name} ({count:,})" for name, count in latex.unknown.most_common(5))
        options.notes.append(
            f"{path}: LaTeX commands without a known meaning: {named}; only their arguments in "
            "braces are read"
        )


def count_bibtex(path: Path) -> int:
    """Return how many entries begin in a file."""
    return sum(_ENTRY.match(line) is not None for _, line in read_lines(path))


def _fields(key: str, found: dict[str, str], latex: LatexReader) -> dict[str, Any]:
    values = {
        name: _plain(found[name], latex)
        for name in (
            *("title", "subtitle", "titleaddon", "abstract", "note"),
            *("year", "date"),
        )
        if name in found
    }
    authors = (_plain(one, latex) for one in names_of(found.get("author", "")))
    keywords = [
        _plain(one, latex)
        for name in ("keywords", "keyword")
        for one in keywords_of(found.get(name, ""))
    ]
    dated = _YEAR.search(values.get("date", ""))
    fields = {
        "id": key,
        "title": _title(*(values.get(name, "") for name in ("title", "subtitle", "titleaddon"))),
        "text": "\n".join(values[name] for name in ("abstract", "note") if name in values),
        "authors": list(filter(None, authors)),
        "keywords": list(filter(None, keywords)),
        "year": values.get("year") or (dated[0] if dated else ""),
        **{name: _address(found.get(name, "")) for name in ("doi", "url")},
    }
    return {name: value for name, value in fields.items() if value}


def _title(title: str, subtitle: str, addition: str) -> str:
    if subtitle:
        title += f" {subtitle}" if title.endswith((":", ".", "?", "!")) else f": {subtitle}"
    return f"{title}. {addition}" if addition else title


def _address(value: str) -> str:
    """Return an address, in which ~ and -- are no commands of LaTeX."""
    plain = _ESCAPED.sub(r"\1", value.replace(r"\~{}", "~").replace(r"\textasciitilde{}", "~"))
    return plain.strip().removeprefix(r"\url{").removesuffix("}").strip("{}")


def _plain(value: str, latex: LatexReader) -> str:
    """Return a value without LaTeX and HTML; formulas are not changed."""
    return " ".join(plain_or_html_text(latex.text(value)).split())
