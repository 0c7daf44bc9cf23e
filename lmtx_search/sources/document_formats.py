"""The formats of documents, chosen by the name of a file or by the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.annif import read_annif_documents
from lmtx_search.sources.bibtex import count_bibtex, read_bibtex
from lmtx_search.sources.elasticsearch_rows import read_jsonl_documents
from lmtx_search.sources.exports import read_karakeep, read_paperless
from lmtx_search.sources.feed import count_entries, read_feed
from lmtx_search.sources.folder import SINGLE_ENDINGS, folder_files, read_file, read_folder
from lmtx_search.sources.mail import count_messages, read_mailbox
from lmtx_search.sources.marc import count_marc, read_marc
from lmtx_search.sources.oai import read_oai
from lmtx_search.sources.office.files import CONVERTIBLE
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.ris import count_ris, read_ris
from lmtx_search.sources.rows import JSON_LINES, Row, count_lines, ending, read_rows
from lmtx_search.sources.sheet import SHEET_ENDINGS, read_sheet
from lmtx_search.sources.standard_input import is_standard_input
from lmtx_search.sources.tab_separated import format_of_documents
from lmtx_search.sources.tickets import read_jira, read_zammad, read_zendesk
from lmtx_search.sources.xmc_texts import is_xmc_json, is_xmc_texts, read_xmc_documents


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    """How a format is recognised, read and counted.

    ``read`` takes the path and :class:`~lmtx_search.sources.read_options.ReadOptions`; it yields
    each record as a row of fields, or the reason why it is not a record. ``count`` returns how many
    records or lines a file has (None: unknown). ``endings`` are the endings of file names
    with this format. With ``own_fields`` the records have the user's field names; other formats
    yield ``id``, ``title`` and ``text``.
    """

    name: str
    read: Callable[[Path, ReadOptions], Iterator[Row | BadLine]]
    count: Callable[[Path], int | None] = count_lines
    endings: tuple[str, ...] = ()
    own_fields: bool = False


_KNOWN = {
    format.name: format
    for format in (
        DocumentFormat("jsonl", read_jsonl_documents, endings=JSON_LINES, own_fields=True),
        DocumentFormat(
            "csv",
            lambda path, options: read_rows(path, "csv", options.notes),
            endings=(".csv",),
            own_fields=True,
        ),
        DocumentFormat("sheet", read_sheet, lambda _: None, endings=SHEET_ENDINGS, own_fields=True),
        DocumentFormat("folder", read_folder, lambda path: len(folder_files(path))),
        DocumentFormat("file", read_file, lambda _: 1, endings=SINGLE_ENDINGS),
        DocumentFormat("mbox", read_mailbox, count_messages, endings=(".mbox",)),
        DocumentFormat("feed", read_feed, count_entries, endings=(".rss", ".atom", ".xml")),
        DocumentFormat("annif", read_annif_documents),
        DocumentFormat("xmc", read_xmc_documents),
        DocumentFormat("marc", read_marc, count_marc, endings=(".mrc", ".marc", ".marcxml")),
        DocumentFormat("ris", read_ris, count_ris, endings=(".ris",)),
        DocumentFormat("bibtex", read_bibtex, count_bibtex, endings=(".bib",)),
        DocumentFormat("oai", read_oai, lambda _: None),
        DocumentFormat("zammad", read_zammad),
        DocumentFormat("zendesk", read_zendesk),
        DocumentFormat("jira", read_jira),
        DocumentFormat("karakeep", read_karakeep),
        DocumentFormat("paperless", read_paperless, lambda _: None),
    )
}
FORMATS = tuple(_KNOWN)
# Their readers open files by themselves.
_NEVER_PACKED = ("file", "sheet")


def document_format(
    path: Path, format: str | None = None, fields: Iterable[str] = ("id", "title", "text")
) -> DocumentFormat:
    """Return the format of a file or folder.

    Args:
        format: one of :data:`FORMATS`; None: by the name of the file.
        fields: those of an id and of the text, which tell a header.

    Raises:
        UserError: the name does not determine the format; or a folder is given for a format of
            single files, or a file for the format ``folder``.
    """
    found = format or _by_name(path, fields)
    if found == "folder" and is_standard_input(path):
        raise UserError("standard input is not a folder: name a folder, or another --format")
    if found == "folder" and not path.is_dir():
        raise UserError(f"{path} is not a folder")
    if path.is_dir() and found not in ("folder", "xmc", "paperless"):
        raise UserError(f"{path} is a folder, not a file")
    return _KNOWN[found]


def _by_name(path: Path, fields: Iterable[str]) -> str:
    if is_standard_input(path):
        return "jsonl"
    if path.is_dir():
        return "folder"
    if is_xmc_json(path) or is_xmc_texts(path):
        return "xmc"
    if ending(path) == ".tsv":
        return format_of_documents(path, fields)
    for format in _KNOWN.values():
        if ending(path) not in format.endings:
            continue
        if format.name in _NEVER_PACKED and path.suffix.lower() == ".gz":
            raise UserError(f"{path}: {ending(path)} files are not read from .gz: unpack it first")
        return format.name
    if target := CONVERTIBLE.get(ending(path)):
        raise UserError(
            f"{path}: {ending(path)} files are not supported: save it as .{target}, for example "
            "with LibreOffice"
        )
    raise UserError(
        f"{path}: unknown kind of file: name it .jsonl, .csv or .tsv (or with .gz), .mbox or .rss, "
        "give a folder of texts, PDF and office files, or name its format: "
        f"--format {'|'.join(FORMATS)}"
    )
