"""Exports of Karakeep (bookmarks) and paperless-ngx (scanned documents)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, content_digest
from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.json_constants import ConstantError, refuse_constants
from lmtx_search.sources.json_records import read_json_records
from lmtx_search.sources.lines import opened
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row, bad_constant

_MANIFEST = "manifest.json"
_DOCUMENT, _TAG, _NOTE = "documents.document", "documents.tag", "documents.note"
_NAMED = {"correspondent": "documents.correspondent", "document_type": "documents.documenttype"}


def read_karakeep(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield bookmarks as ``id``, ``title``, ``text`` (text and note), ``url``, ``subjects``.

    An export has no ids. The id is a digest of the address, or of the text. Bookmarks of files
    have no text in an export. Those with a title or a note are read; the others are left out and
    counted.

    Raises:
        UserError: no such file, or it is not such an export.
    """
    for row in read_json_records(path, ["bookmarks"], options.notes):
        if isinstance(row, BadLine):
            yield row
            continue
        try:
            made = _bookmark(row.fields, options)
            refuse_constants(made)
        except ConstantError as error:
            yield bad_constant(str(path), row.line, row.fields, error)
        except ValueError as error:
            yield BadLine(str(path), row.line, str(error), json.dumps(row.fields)[:1000])
        else:
            if made is not None:
                yield Row(row.line, made)


def _bookmark(bookmark: Mapping[str, Any], options: ReadOptions) -> dict[str, Any] | None:
    """Return the fields of a bookmark; None if it is left out and counted.

    Raises:
        ValueError: its content is no object.
    """
    content = bookmark.get("content") or {}
    if not isinstance(content, dict):
        raise ValueError("field content: an object is expected")
    texts = [
        plain_or_html_text(str(content.get("text") or content.get("htmlContent") or "")),
        plain_or_html_text(str(content.get("description") or "")),
        str(bookmark.get("note") or ""),
    ]
    url, title = (
        str(content.get("url") or ""),
        str(bookmark.get("title") or content.get("title") or ""),
    )
    fields: dict[str, Any] = {"title": title, "text": "\n".join(filter(None, texts))}
    if not any(fields.values()):
        kind = content.get("type") or "unknown"
        options.left_out.add(f"bookmarks of the type {kind} without title and text", url)
        return None
    fields |= {"url": url} if url else {}
    fields |= {"created": bookmark["createdAt"]} if "createdAt" in bookmark else {}
    # Texts in an export, objects in an answer of the API.
    tags = [
        str(tag["name"] if isinstance(tag, dict) and "name" in tag else tag)
        for tag in _list(bookmark.get("tags"))
    ]
    fields |= {"subjects": tags} if tags else {}
    key = url or json.dumps([title, fields["text"]])
    return {"id": content_digest(key)[:32], **fields}


def paperless_manifest(path: Path) -> Path:
    """Return the manifest in the folder of an export; a file is returned unchanged."""
    return path / _MANIFEST if path.is_dir() else path


def read_paperless(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield the documents of an export's ``manifest.json`` with their recognised text.

    ``path`` is the folder of the export or its manifest. Documents have ``id``, ``title``,
    ``text`` (with the notes that people added), ``created``, ``correspondent``, ``document_type``
    and ``subjects`` (their tags).
    Documents in the bin are left out and counted.

    Raises:
        UserError: no such file, or it is not such an export.
    """
    manifest = paperless_manifest(path)
    try:
        with opened(manifest) as stream:
            records = json.loads(stream.read())
    except (ValueError, RecursionError) as error:
        raise UserError(f"{manifest} is not JSON: {error}") from error
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise UserError(f"{manifest} is not a manifest of paperless-ngx: a list is expected")
    names = {
        (one.get("model"), str(one.get("pk"))): str(_fields(one).get("name", "")) for one in records
    }
    if not any(one.get("model") == _DOCUMENT for one in records):
        options.notes.append(
            f"{manifest} holds no documents: a split export has them in other files, which are not "
            "read; export again with a single manifest"
        )
    notes = _notes(records)
    for number, record in enumerate(records, 1):
        if record.get("model") != _DOCUMENT:
            continue
        found, key = _fields(record), record.get("pk")
        if not found or not isinstance(key, int | str):
            reason = "a document needs a pk, a number or a text, and fields"
            yield BadLine(str(manifest), number, reason, json.dumps(record)[:1000])
            continue
        if found.get("deleted_at") and not options.everything:
            options.left_out.add("documents in the bin", str(found.get("title", "")))
            continue
        fields: dict[str, Any] = {"id": str(key), "title": str(found.get("title") or "")}
        texts = [str(found.get("content") or ""), *notes.get(str(key), ())]
        fields |= {"text": "\n".join(filter(None, texts)), "created": found.get("created")}
        for field, model in _NAMED.items():
            fields[field] = names.get((model, str(found.get(field))))
        tags = ((_TAG, str(tag)) for tag in _list(found.get("tags")))
        subjects = [names[tag] for tag in tags if tag in names]
        kept = {name: value for name, value in fields.items() if value}
        yield Row(number, kept | ({"subjects": subjects} if subjects else {}))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _fields(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = record.get("fields")
    return found if isinstance(found, dict) else {}


def _notes(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the notes of documents by the document's key; notes in the bin are left out."""
    notes: dict[str, list[str]] = {}
    for record in records:
        found = _fields(record)
        if record.get("model") == _NOTE and not found.get("deleted_at"):
            notes.setdefault(str(found.get("document")), []).append(str(found.get("note") or ""))
    return notes
