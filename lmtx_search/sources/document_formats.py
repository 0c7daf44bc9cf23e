"""Which format documents come in: the name tells, or the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.annif import read_annif_documents
from lmtx_search.sources.bibtex import count_bibtex, read_bibtex
from lmtx_search.sources.feed import count_entries, read_feed
from lmtx_search.sources.folder import folder_files, read_folder
from lmtx_search.sources.mail import count_messages, read_mailbox
from lmtx_search.sources.marc import count_marc, read_marc
from lmtx_search.sources.oai import read_oai
from lmtx_search.sources.ris import count_ris, read_ris
from lmtx_search.sources.rows import JSON_LINES, Row, count_lines, ending, read_rows
from lmtx_search.sources.xmc_texts import (
    is_xmc_json,
    is_xmc_texts,
    read_xmc_documents,
    xmc_documents_file,
)

FORMATS = ("jsonl", "csv", "folder", "mbox", "feed", "annif", "xmc", "marc", "ris", "bibtex", "oai")
# What does not come in lines.
_COUNTS: dict[str, Callable[[Path], int | None]] = {
    "folder": lambda path: len(folder_files(path)),
    "mbox": count_messages,
    "feed": count_entries,
    "bibtex": count_bibtex,
    "marc": count_marc,
    "oai": lambda _: None,
    "ris": count_ris,
}
_READERS: dict[str, Callable[[Path], Iterator[Row | BadLine]]] = {
    "folder": read_folder,
    "mbox": read_mailbox,
    "feed": read_feed,
    "annif": read_annif_documents,
    "xmc": read_xmc_documents,
    "bibtex": read_bibtex,
    "marc": read_marc,
    "oai": read_oai,
    "ris": read_ris,
}
_FEEDS = (".rss", ".atom", ".xml")


def document_format(path: Path, format: str | None = None) -> str:
    """Return one of :data:`FORMATS`.

    Raises:
        UserError: the name does not tell, and the user did not; or it cannot be that.
    """
    found = format or _by_name(path)
    if found == "folder" and not path.is_dir():
        raise UserError(f"{path} is no folder")
    if path.is_dir() and found not in ("folder", "xmc"):
        raise UserError(f"{path} is a folder, not a file")
    return found


def read_records(path: Path, format: str | None = None) -> Iterator[Row | BadLine]:
    """Read what is to be documents, as fields.

    Raises:
        UserError: no such file, an unknown kind of file, a CSV file without a header, a folder
            without what is to be in it.
        LmtxError: a damaged gzip file.
        MissingExtra: a PDF file or a feed, and what reads it is not installed.
    """
    kind = document_format(path, format)
    reader = _READERS.get(kind)
    return reader(path) if reader else read_rows(path, kind)


def count_records(path: Path, format: str | None = None) -> int | None:
    """Return how many records, or lines, there are to read (None: standard input)."""
    kind = document_format(path, format)
    if kind in _COUNTS:
        return _COUNTS[kind](path)
    return count_lines(xmc_documents_file(path) if kind == "xmc" else path)


def _by_name(path: Path) -> str:
    if str(path) == "-":
        return "jsonl"
    if path.is_dir():
        return "folder"
    if is_xmc_json(path) or is_xmc_texts(path):
        return "xmc"
    kinds = {
        **dict.fromkeys(JSON_LINES, "jsonl"),
        **dict.fromkeys(_FEEDS, "feed"),
        ".csv": "csv",
        ".tsv": "annif",
        ".mbox": "mbox",
        **dict.fromkeys((".mrc", ".marc", ".marcxml"), "marc"),
        ".ris": "ris",
        ".bib": "bibtex",
    }
    if (found := kinds.get(ending(path))) is None:
        raise UserError(
            f"{path}: unknown kind of file, name it .jsonl or .csv (or with .gz), .mbox or .rss, "
            f"give a folder of texts and PDF files, or --format {'|'.join(FORMATS)}"
        )
    return found
