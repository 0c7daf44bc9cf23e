"""Checks that documents of an index hold the text fields that an attach names.

The pipeline sees a document as it was sent. A field that the cluster makes while it indexes (a
``copy_to`` target, a multi-field, an alias, a derived field) does not exist yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.errors import UserError

# Number of documents in the sample for a field that is the target of a `copy_to`.
_SAMPLE = 100

Mappings = Mapping[str, Any]


def require_fields(client: OpenSearch, index: str, fields: Sequence[str]) -> None:
    """Check that each index of that name has the fields, and that documents hold them.

    Raises:
        UserError: the index or a field does not exist; the message lists the fields.
    """
    found = client.indices.get_mapping(index=index)
    if not found:
        raise UserError(f"no index {index}: check its name")
    for name in sorted(found):
        require_text_fields(client, name, found[name]["mappings"], fields)


def require_text_fields(
    client: OpenSearch, index: str, mappings: Mappings, fields: Sequence[str]
) -> None:
    """Check that an index has the fields, and that documents hold them.

    Raises:
        UserError: a field does not exist, or the cluster makes it from another field; the message
            names that field.
    """
    for field in fields:
        _require_held(index, mappings, field)
        sources = list(_copied_from(mappings.get("properties", {}), field))
        if sources and not _is_sent(client, index, field):
            raise UserError(
                f"no document of {index} holds the field {field}: the cluster copies "
                f"{', '.join(sources)} into it (copy_to). Name {_flags(sources)}"
            )


def _require_held(index: str, mappings: Mappings, field: str) -> None:
    if any(field == name or field.startswith(f"{name}.") for name in mappings.get("derived", {})):
        raise UserError(
            f"no document of {index} holds the field {field}: the cluster derives it by a script. "
            "Name the fields that the script reads"
        )
    node: Mappings = mappings
    parts = field.split(".")
    for number, part in enumerate(parts):
        parent = ".".join(parts[:number])
        inner = _child(node, part)
        if inner is None and part in node.get("fields", {}):
            raise UserError(
                f"no document of {index} holds the field {field}: it is another way in which the "
                f"cluster indexes {parent} (multi-field). Name {_flags([parent])}"
            )
        if inner is None:
            if node.get("type") == "flat_object":
                return  # the mapping does not list its parts
            known = ", ".join(sorted(mappings.get("properties", {}))[:20]) or "none"
            raise UserError(f"{index} has no field {field}; its fields: {known}")
        node = inner
    kind = node.get("type", "object")
    if kind == "alias":
        raise UserError(
            f"no document of {index} holds the field {field}: it is an alias. "
            f"Name {_flags([node['path']])}"
        )
    if kind in ("object", "nested", "flat_object"):
        raise UserError(f"the field {field} of {index} is an object: name a field in it")


def _child(node: Mappings, name: str) -> Mappings | None:
    child: Mappings | None = node.get("properties", {}).get(name)
    return child


def _copied_from(properties: Mappings, field: str, prefix: str = "") -> Iterator[str]:
    """Yield the fields that the mapping copies into a field."""
    for name, node in sorted(properties.items()):
        path = f"{prefix}{name}"
        targets = node.get("copy_to", [])
        if field in ([targets] if isinstance(targets, str) else targets):
            yield path
        yield from _copied_from(node.get("properties", {}), field, f"{path}.")


def _is_sent(client: OpenSearch, index: str, field: str) -> bool:
    """Return whether documents hold a field themselves, judged by a sample."""
    body = {
        "size": _SAMPLE,
        "query": {"exists": {"field": field}},
        "_source": [field],
    }
    client.indices.refresh(index=index)
    return any(hit.get("_source") for hit in client.search(index=index, body=body)["hits"]["hits"])


def _flags(fields: Sequence[str]) -> str:
    return " ".join(f"--text-field {field}" for field in fields)
