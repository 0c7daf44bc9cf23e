"""Values in a document whose field names have a meaning for the product or for OpenSearch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.tag_fields import TagFields

METADATA_FIELD = "file_metadata"
"""The field for values whose names are those of OpenSearch's metadata. OpenSearch refuses such
fields as data, and in a pipeline ``_index`` or ``_routing`` would redirect the document."""

_METADATA = frozenset(
    (
        *("_id", "_index", "_type", "_routing", "_source", "_version", "_version_type"),
        *("_seq_no", "_primary_term", "_if_seq_no", "_if_primary_term", "_op_type"),
        *("_field_names", "_ignored", "_doc_count", "_nested_path", "_size", "_feature"),
        *("_data_stream_timestamp", "_ingest", "_score", "_tier", "_recovery_source"),
    )
)
# Documents of a file that are checked before any is indexed.
_AHEAD = 1000


def fitting(
    documents: Iterable[Document | BadLine], fields: TagFields, keep: bool = False
) -> Iterator[Document | BadLine]:
    """Yield documents in a form in which no value is lost or interpreted as metadata or tags.

    Args:
        fields: names of the tag fields.
        keep: move values in the tag fields that lmtx-search did not write to ``fields.manual``. If
            false, such a document is yielded as a :class:`BadLine`.
    """
    for item in documents:
        if isinstance(item, BadLine):
            yield item
            continue
        source = _without_metadata(item.source)
        theirs = fields.theirs(source)
        if theirs and not keep:
            raw = json.dumps(item.source, ensure_ascii=False, default=str)
            yield BadLine(f'document "{item.id}"', 0, _reason(theirs, fields), raw)
            continue
        if theirs:
            source = fields.moved(source)
        yield item if source is item.source else replace(item, source=source)


def look_ahead(
    documents: Iterable[Document | BadLine], where: str, fields: TagFields, keep: bool
) -> list[str]:
    """Check the first 1,000 documents before any is indexed; return notes for the user.

    Raises:
        UserError: one has values in the tag fields that lmtx-search did not write, and ``keep`` is
            false.
    """
    metadata: dict[str, None] = {}
    for item in islice(documents, _AHEAD):
        if isinstance(item, BadLine):
            continue
        theirs = fields.theirs(item.source)
        if theirs and not keep:
            raise UserError(
                f'{where}, document "{item.id}": {_reason(theirs, fields)}; nothing was indexed'
            )
        metadata |= dict.fromkeys(name for name in item.source if name in _METADATA)
    if not metadata:
        return []
    return [
        f"{where} has fields named like OpenSearch's metadata ({', '.join(metadata)}): they are "
        f"stored in the field {METADATA_FIELD} and have no effect"
    ]


def _reason(theirs: Iterable[str], fields: TagFields) -> str:
    return (
        f"it has its own {', '.join(theirs)}, which are tag fields: --keep-own-tags moves the "
        f"values to {fields.manual}, or set documents.tags_field etc. to other names and run "
        "`lmtx-search bootstrap-index`"
    )


def _without_metadata(source: Any) -> Any:
    """Return a document whose fields with metadata names are moved into one field."""
    found = {name: source[name] for name in source if name in _METADATA}
    if not found:
        return source
    rest = {name: value for name, value in source.items() if name not in found}
    there = rest.get(METADATA_FIELD)
    if there is not None and not isinstance(there, dict):
        there = {METADATA_FIELD: there}
    return {**rest, METADATA_FIELD: {**(there or {}), **found}}
