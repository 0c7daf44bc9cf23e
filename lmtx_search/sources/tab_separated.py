"""Tells Annif's files from tables with a header: both may be named ``.tsv``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.sources.csv_header import delimiter_of
from lmtx_search.sources.lines import first_line
from lmtx_search.sources.standard_input import is_standard_input

_ADDRESS = re.compile(r"<[^<>]+>|[A-Za-z][\w+.-]*:\S+")
_COLUMNS_OF_LABELS = {"id", "text"}
_NAMES_OF_LABELS = {*_COLUMNS_OF_LABELS, "uri", "label", "description", "synonyms", "broader"}
_COLUMNS_OF_CORPORA = {"document_id", "subject_uris"}
_IDS = ("id", "_id")


def format_of_labels(path: Path) -> str:
    """Return ``annif`` or ``csv`` for a file of labels with tabs.

    A line of Annif's vocabularies begins with an address, or has two columns; some have a header
    with ``uri``. A table has a header with ``id`` and ``text``.

    Raises:
        UserError: it is neither.
    """
    line = _first_line(path)
    cells = line.split("\t")
    if not line or is_address(cells[0]) or has_annif_labels_header(path):
        return "annif"
    names = {name.lower() for name in _names(line)}
    if names >= _COLUMNS_OF_LABELS:
        return "csv"
    if len(cells) == 2 and names.isdisjoint(_NAMES_OF_LABELS):
        return "annif"
    raise UserError(
        f"{path}, line 1: neither an address, as in Annif's vocabularies, nor a header with id and "
        "text: name the format, `labels load --format annif` or "
        "`labels load --format csv`"
    )


def format_of_documents(path: Path, fields: Iterable[str]) -> str:
    """Return ``annif`` or ``csv`` for a file of documents with tabs, by its first line.

    A line of Annif has addresses behind its first tab, or nothing if the document has no subject. A
    table has a header that names one of ``fields`` or an id.

    Args:
        fields: those of an id and of the text in the settings.

    Raises:
        UserError: it is neither.
    """
    line = _first_line(path)
    if not line or has_annif_corpus_header(path):
        return "annif"
    known = {name.lower() for name in (*_IDS, *fields)}
    _, tab, subjects = line.partition("\t")
    is_table = subjects.strip() and delimiter_of(line) == "\t"
    # Before the addresses, because `dc:title` may be one and the name of a column.
    if is_table and not known.isdisjoint(name.lower() for name in _names(line)):
        return "csv"
    if tab and all(map(is_address, subjects.split())):
        return "annif"
    raise UserError(
        f"{path}, line 1: neither a text, a tab and addresses, as in Annif's corpora, nor a header "
        f"with tabs and one of {', '.join(dict.fromkeys((*_IDS, *fields)))}: name the format, "
        "--format annif or --format csv"
    )


def has_annif_labels_header(path: Path) -> bool:
    """Return whether a file begins with the columns of Annif's vocabularies.

    Raises:
        UserError, LmtxError: the file cannot be read.
    """
    names = header_names(path)
    return "uri" in names and any(re.fullmatch(r"label(_.+)?", name) for name in names)


def has_annif_corpus_header(path: Path) -> bool:
    """Return whether a file begins with the columns of Annif's corpora.

    Raises:
        UserError, LmtxError: the file cannot be read.
    """
    names = header_names(path)
    return "text" in names and not _COLUMNS_OF_CORPORA.isdisjoint(names)


def header_names(path: Path) -> list[str]:
    """Return the names of the columns, if the first line of a file is a header.

    Raises:
        UserError, LmtxError: the file cannot be read.
    """
    return _names(first_line(path))


def is_address(value: str) -> bool:
    """Return whether a value is an address of a subject: in angle brackets, or with a scheme."""
    return _ADDRESS.fullmatch(value.strip()) is not None


def _first_line(path: Path) -> str:
    # Reading tells that a file does not exist; until then it is only a name.
    return first_line(path) if is_standard_input(path) or path.is_file() else ""


def _names(line: str) -> list[str]:
    return [name.strip().strip('"') for name in line.rstrip().split(delimiter_of(line))]
