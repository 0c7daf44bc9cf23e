"""Tells Annif's files from tables with a header: both may be named ``.tsv``."""

from __future__ import annotations

import re
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.sources.csv_header import delimiter_of
from lmtx_search.sources.lines import first_lines
from lmtx_search.sources.standard_input import is_standard_input

_ADDRESS = re.compile(r"<[^<>\s]+>|[A-Za-z][\w+.-]*://\S+|urn:\S+", re.IGNORECASE)
_COLUMNS_OF_LABELS = {"id", "text"}
_COLUMNS_OF_CORPORA = {"document_id", "subject_uris"}


def format_of_labels(path: Path) -> str:
    """Return ``annif`` or ``csv`` for a file of labels with tabs.

    A vocabulary of Annif begins with an address, or has a column ``uri``; a table has a header with
    ``id`` and ``text``.

    Raises:
        UserError: it is neither.
    """
    lines = _lines(path)
    if not lines or _is_address(lines[0].split("\t")[0]) or has_annif_labels_header(path):
        return "annif"
    if {name.lower() for name in _header(lines)} >= _COLUMNS_OF_LABELS:
        return "csv"
    raise UserError(
        f"{path}, line 1: neither an address, as in Annif's vocabularies, nor a header with id and "
        "text: name the format, `labels load --format annif` or "
        "`labels load --format csv`"
    )


def format_of_documents(path: Path) -> str:
    """Return ``annif`` or ``csv`` for a file of documents with tabs.

    A line of Annif has addresses behind its first tab, or nothing if the document has no subject. A
    table has a header of at least two different names.

    Raises:
        UserError: it is neither.
    """
    lines = _lines(path)
    subjects = [line.partition("\t")[2].split() for line in lines]
    there = next(filter(None, subjects), [])
    if not lines or (there and all(map(_is_address, there))) or has_annif_corpus_header(path):
        return "annif"
    names = _header(lines)
    if len(names) > 1 and all(names) and len(set(names)) == len(names):
        return "csv"
    raise UserError(
        f"{path}, line 1: neither a text, a tab and addresses, as in Annif's corpora, nor a header "
        "with the names of columns: name the format, --format annif or --format csv"
    )


def has_annif_labels_header(path: Path) -> bool:
    """Return whether a file begins with the columns of Annif's vocabularies.

    Raises:
        UserError, LmtxError: the file cannot be read.
    """
    names = _header(first_lines(path))
    return "uri" in names and any(re.fullmatch(r"label(_.+)?", name) for name in names)


def has_annif_corpus_header(path: Path) -> bool:
    """Return whether a file begins with the columns of Annif's corpora.

    Raises:
        UserError, LmtxError: the file cannot be read.
    """
    names = _header(first_lines(path))
    return "text" in names and not _COLUMNS_OF_CORPORA.isdisjoint(names)


def _lines(path: Path) -> list[str]:
    # Reading tells that a file does not exist; until then it is only a name.
    return first_lines(path) if is_standard_input(path) or path.is_file() else []


def _header(lines: list[str]) -> list[str]:
    line = "".join(lines[:1]).rstrip()
    return [name.strip().strip('"') for name in line.split(delimiter_of(line))]


def _is_address(value: str) -> bool:
    return _ADDRESS.fullmatch(value.strip()) is not None
