"""Documents in the forms of OpenSearch and Elasticsearch: ``_bulk``, and hits with ``_source``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.records import BadLine
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row, read_rows
from lmtx_search.sources.search_answers import SearchAnswers

_INDEXING, _OTHERS = ("index", "create"), ("update", "delete")
_OF_ACTIONS = {
    *("_index", "_id", "_type", "_routing", "routing", "pipeline", "version", "version_type"),
    *("op_type", "if_seq_no", "if_primary_term", "require_alias", "retry_on_conflict"),
    *("dynamic_templates", "list_executed_pipelines"),
}
# What hits and dumps have beside a document.
_OF_HITS = {"found", "sort", "fields", "highlight", "matched_queries", "inner_hits"}
_NOTE = (
    "{path} has the form of OpenSearch's _bulk or of its hits: the id of a document is its field "
    "documents.id_field, or _id if it has none; other metadata, such as _index, are not read"
)


def read_jsonl_documents(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield the objects of a JSONL file; of ``_bulk`` and of dumps only the documents.

    An action line of ``_bulk`` (``index``, ``create``) gives its ``_id`` to the next row. One that
    deletes or updates is a malformed line. In a dump and in an answer of ``_search``, the document
    is in ``_source``. Other metadata (``_index``, ``_score``, …) are not read from these forms.

    Raises:
        UserError, LmtxError: as :func:`~lmtx_search.sources.rows.read_rows`.
    """
    kind = id_ = ""
    noted = False
    answers = SearchAnswers(path)
    for row in _with_hits(read_rows(path, "jsonl", options.notes), answers):
        if isinstance(row, BadLine):
            yield row
            kind = id_ = ""
            continue
        before, before_id = kind, id_
        kind, id_ = _action(row.fields)
        if kind in _OTHERS:
            reason = f"an action of _bulk that is not a document: {kind}"
            yield BadLine(str(path), row.line, reason, json.dumps(row.fields)[:1000])
        # The line after an update is a part of a document.
        if kind or before == "update":
            continue
        fields, own_id = _unwrapped(row.fields)
        if not noted and (before or fields is not row.fields):
            options.notes.append(_NOTE.format(path=path))
            noted = True
        yield Row(row.line, fields, id=own_id or before_id)
    options.notes.extend(answers.notes())


def _with_hits(rows: Iterator[Row | BadLine], answers: SearchAnswers) -> Iterator[Row | BadLine]:
    """Yield the hits of answers in their place."""
    for row in rows:
        hits = None if isinstance(row, BadLine) else answers.hits(row)
        yield from [row] if hits is None else hits


def _action(fields: dict[str, Any]) -> tuple[str, str]:
    """Return the action of a line of ``_bulk`` ("": it is none), and its ``_id`` ("": none)."""
    kind, values = next(iter(fields.items()), ("", None))
    if kind not in (*_INDEXING, *_OTHERS) or len(fields) > 1 or not isinstance(values, dict):
        return "", ""
    if not values.keys() <= _OF_ACTIONS:
        return "", ""
    return kind, _id_of(values)


def _unwrapped(fields: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the document of a hit and its ``_id`` ("": none); other fields unchanged."""
    source = fields.get("_source")
    others = fields.keys() - _OF_HITS
    if not isinstance(source, dict) or not all(name.startswith("_") for name in others):
        return fields, ""
    return source, _id_of(fields)


def _id_of(values: dict[str, Any]) -> str:
    id_ = values.get("_id")
    return str(id_) if isinstance(id_, str | int) and not isinstance(id_, bool) else ""
