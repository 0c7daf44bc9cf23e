"""Documents from files and folders of any format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmtx_search.records import BadLine, Document, content_digest, document_text, value_at
from lmtx_search.sources.document_formats import document_format
from lmtx_search.sources.exports import paperless_manifest
from lmtx_search.sources.folder import folder_digest
from lmtx_search.sources.lines import real_file
from lmtx_search.sources.missing_ids import MissingIds
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.renamed_fields import renamed
from lmtx_search.sources.repeated_ids import RepeatedIds
from lmtx_search.sources.rows import Row
from lmtx_search.sources.search_answers import without_single_lists
from lmtx_search.sources.standard_input import is_standard_input
from lmtx_search.sources.table_fields import TableFields
from lmtx_search.sources.xmc_texts import xmc_documents_file

# Formats whose columns people name.
_TABLES = ("csv", "sheet")
# Formats of which a folder may be named, and which of its files has the documents.
_FILES_OF_FOLDERS = {"xmc": xmc_documents_file, "paperless": paperless_manifest}
# The longest id that OpenSearch accepts.
_ID_BYTES = 512


def read_documents(
    path: Path,
    id_field: str = "id",
    text_fields: Sequence[str] = ("title", "text"),
    format: str | None = None,
    options: ReadOptions | None = None,
) -> Iterator[Document | BadLine]:
    """Read documents in the order of the file; see :class:`DocumentFile`.

    Args:
        options: how the file is read; collects the counts of omitted records.
    """
    file = DocumentFile(path, format, id_field=id_field, text_fields=text_fields)
    return file.read(options or ReadOptions())


class DocumentFile:
    """The documents of a file or folder, which can be read repeatedly.

    A document without an id gets that of its field ``_id``, or a hash of its content, so that the
    same document has the same id when it is read again. A line or file that is not a document is
    yielded as a :class:`BadLine`. Blank lines are skipped. Memory is bounded by the longest line,
    or the largest file of a folder. Formats without field names of their own (folders, mailboxes,
    feeds, Annif, the Extreme Classification Repository) use ``id_field`` and ``text_fields``.

    Args:
        path: a file, also ``.gz``; a folder; or ``-``, standard input. JSONL is read from it as it
            arrives, and only once; of other formats, a copy is kept until the process ends.
        format: one of :data:`~lmtx_search.sources.document_formats.FORMATS`; None: by the name of
            the file.
        id_field: the field that holds a document's id; a dotted name is a path.
        text_fields: the fields that hold its text, in order; a dotted name is a path.
        everything: read the unpublished posts of a WordPress export too.

    Attributes:
        last_read: the omitted records and the notes of the last reading; complete at its end.

    Raises:
        UserError: on creation, the name does not determine the format. On reading, the file does
            not exist, or a CSV file has no header.
        LmtxError: on reading, the gzip file is damaged.
        MissingExtra: on reading, the reader of the format is not installed.

    Examples:
        >>> from lmtx_search import DocumentFile, Settings, ingest
        >>> ingest(Settings(), DocumentFile(Path("articles.jsonl")), "articles").failed
        0
    """

    def __init__(
        self,
        path: Path,
        format: str | None = None,
        *,
        id_field: str = "id",
        text_fields: Sequence[str] = ("title", "text"),
        everything: bool = False,
    ) -> None:
        self._format = document_format(path, format, (id_field, *text_fields))
        self.format = self._format.name
        # The folder of such a data set or export also holds other files.
        find = _FILES_OF_FOLDERS.get(self.format)
        self.path = find(path) if find else path
        self.id_field = id_field
        self.text_fields = tuple(text_fields)
        self.everything = everything
        self.last_read = ReadOptions(everything)

    def __iter__(self) -> Iterator[Document | BadLine]:
        self.last_read = ReadOptions(self.everything)
        return self.read(self.last_read)

    def read(self, options: ReadOptions) -> Iterator[Document | BadLine]:
        """Read the file from its beginning; ``options`` collects the counts of omitted records."""
        self._keep_standard_input()
        ids, names = RepeatedIds(), TableFields(self.path, self.id_field, self.text_fields)
        unnamed = MissingIds(self.path, self.id_field)
        try:
            rows = self._format.read(self.path, options)
            if self.format == "jsonl":
                rows = without_single_lists(rows, self.path, self.id_field, self.text_fields)
            for row in rows:
                if isinstance(row, BadLine):
                    yield row
                    continue
                if self.format in _TABLES:
                    row = names.applied(row, options.notes)
                if not self._format.own_fields:
                    row = renamed(row, self.id_field, self.text_fields, options.notes)
                # A table without the column is told before the load, by its header.
                may_miss = self.format == "jsonl" or self.id_field in row.fields
                if may_miss and _id_of(row, self.id_field) in (None, ""):
                    unnamed.add(row)
                yield _document(row, self.path, self.id_field, self.text_fields, ids)
            options.notes.extend(unnamed.notes())
        finally:
            ids.close()

    @property
    def is_standard_input(self) -> bool:
        """Whether the source is standard input."""
        return is_standard_input(self.path)

    @property
    def is_read_once(self) -> bool:
        """Whether the source can be read only once."""
        return self.is_standard_input and self.format == "jsonl"

    def count(self) -> int | None:
        """Return the number of records or lines, for a progress bar (None: unknown).

        Raises:
            UserError, LmtxError, MissingExtra: as when it is read.
        """
        self._keep_standard_input()
        return None if self.is_read_once else self._format.count(self.path)

    def columns(self, options: ReadOptions) -> dict[str, str] | None:
        """Read the beginning; return the columns of a CSV file, None for other formats.

        Each column has the name of the field as which it is read.

        Args:
            options: receives the notes that the reader has at the first record.

        Raises:
            UserError, LmtxError, MissingExtra: as when it is read.
        """
        self._keep_standard_input()
        first = next(self._format.read(self.path, options), None)
        if self.format not in _TABLES or not isinstance(first, Row):
            return None
        table = TableFields(self.path, self.id_field, self.text_fields)
        names = table.of(first, options.notes)
        # The sheets of a spreadsheet may have different columns.
        return {name: names.get(name, name) for name in first.fields} if not first.columns else None

    def _keep_standard_input(self) -> None:
        if self.is_standard_input and not self.is_read_once:
            real_file(self.path)

    def identity(self) -> dict[str, Any]:
        """Return the options that decide which documents a reading yields.

        The name, size and time of a file are not included; those of a folder's files are.
        """
        way = {
            "format": self.format,
            "id_field": self.id_field,
            "text_fields": list(self.text_fields),
            "everything": self.everything,
        }
        return {**way, "files": folder_digest(self.path)} if self.format == "folder" else way


def _document(
    row: Row, path: Path, id_field: str, text_fields: Sequence[str], ids: RepeatedIds
) -> Document | BadLine:
    value = _id_of(row, id_field)
    if "_id" in row.fields and value == row.fields["_id"]:
        row = replace(row, fields={n: one for n, one in row.fields.items() if n != "_id"})
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        written = json.dumps(row.fields, allow_nan=False, sort_keys=True)
    except (ValueError, RecursionError):
        return _bad(row, path, "holds a number that JSON cannot represent, or is nested too deeply")
    if value is None or value == "":
        value = content_digest(row.whole or written)[:32]
    if not isinstance(value, str):
        return _bad(row, path, f"field {id_field}: an id must be a text or a whole number")
    if len(value.encode("utf-8", "replace")) > _ID_BYTES:
        return _bad(row, path, f"field {id_field}: longer than {_ID_BYTES} bytes")
    earlier, repeats = ids.earlier(value, written, row.line), ""
    if earlier is not None:
        place = f"on line {earlier}" if earlier else "that of an earlier document"
        repeats = str(
            BadLine(str(path), row.line, f"the id {value!r} is also {place}, with other content")
        )
    return Document(value, document_text(row.fields, text_fields), row.fields, repeats)


def _id_of(row: Row, id_field: str) -> Any:
    """Return the id of a row (None or "": it has none); ``id_field`` may be a dotted path."""
    value = value_at(row.fields, id_field)
    if value in (None, ""):
        value = row.id
    # OpenSearch's own exports have ids in a field of this name, which cannot be stored.
    if value in (None, "") and isinstance(row.fields.get("_id"), str | int):
        value = row.fields["_id"]
    return value


def _bad(row: Row, path: Path, reason: str) -> BadLine:
    # As it was read, so that it can be repaired and loaded. (NaN is written as Python reads it.)
    fields = {"_id": row.id, **row.fields} if row.id else row.fields
    raw = ", ".join(f"{json.dumps(name)}: {_as_json(value)}" for name, value in fields.items())
    return BadLine(str(path), row.line, reason, "{" + raw + "}")


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return '"nested too deeply"'
