"""Checks that documents can be loaded, before anything is created for them."""

from __future__ import annotations

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine
from lmtx_search.sources.csv_header import one_line
from lmtx_search.sources.documents import DocumentFile
from lmtx_search.sources.folder import passed_over
from lmtx_search.sources.read_options import ReadOptions


def check_documents(
    documents: DocumentFile, *, strict: bool = False, progress: Progress = SILENT
) -> list[str]:
    """Check that a file can be loaded, before anything is created for its documents.

    JSONL on standard input is not checked, because it can be read only once.

    Args:
        strict: read the whole file, and refuse it if a line is not a document.

    Returns:
        Notes for the user before the load, one sentence each.

    Raises:
        UserError: as :class:`DocumentFile`; none of the columns of a CSV file is one of the text
            fields; or, with ``strict``, the first line that is not a document and how many more
            there are, or JSONL on standard input.
        LmtxError, MissingExtra: as :class:`DocumentFile`.
    """
    if documents.is_read_once:
        if strict:
            raise UserError(
                "--strict reads the file twice, which JSONL on standard input does not allow"
            )
        return []
    path, beginning = documents.path, ReadOptions(documents.everything)
    columns = documents.columns(beginning)
    notes = beginning.notes
    there = one_line(columns or ())
    fields = set((columns or {}).values())
    if columns and documents.text_fields and not fields & {*documents.text_fields}:
        raise UserError(
            f"{path}, line 1: the columns are {there}: none is one of the fields "
            f"{', '.join(documents.text_fields)} (set documents.text_fields)"
        )
    if columns and not {documents.id_field, "_id"} & fields:
        notes.append(
            f"{path} has no column {documents.id_field} (documents.id_field): each document's id "
            f"is a hash of its content. The columns are {there}"
        )
    if documents.format == "folder" and (others := passed_over(path)):
        counted = ", ".join(f"{count:,} {ending}" for ending, count in others.items())
        notes.append(f"Files of other kinds are skipped: {counted}")
    if strict:
        _require_documents(documents, progress)
        notes += documents.last_read.lines()
    return list(dict.fromkeys(notes))


def _require_documents(documents: DocumentFile, progress: Progress) -> None:
    first, count = None, 0
    with progress.stage(f"Check {documents.path.name}", unit="lines") as advance:
        for item in documents:
            advance(1)
            if problem := str(item) if isinstance(item, BadLine) else item.repeats:
                first, count = first or problem, count + 1
    if first is not None:
        more = f" (and {count - 1} more bad lines)" if count > 1 else ""
        raise UserError(f"{first}{more}; nothing was indexed")
