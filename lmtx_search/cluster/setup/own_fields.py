"""Tag fields of an index with values that people wrote, not lmtx-search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.schema import SCHEMA
from lmtx_search.cluster.ml.pipeline import PipelineState, keeping
from lmtx_search.cluster.setup.indices import tag_properties
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields

# With these statuses, the tagger wrote the tags of a document.
_OURS = ("tagged", "pending", "untagged")
_COUNTED = ("keyword", "boolean", "long", "integer", "short", "byte", "double", "float", "date")
_HOLD_TEXTS = ("keyword", "text", "wildcard", "match_only_text")


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field with values that lmtx-search did not write.

    ``values`` is None if the values cannot be counted.
    """

    index: str
    name: str
    type: str
    documents: int
    values: int | None
    example: Any

    def __str__(self) -> str:
        if not self.documents:
            return f"{self.index} has its own field {self.name} ({self.type})"
        return (
            f"{self.index} has its own field {self.name} ({self.type}, {self.documents:,} "
            f"documents, for example {self.example!r})"
        )


def own_fields(
    client: OpenSearch,
    index: str,
    fields: TagFields,
    query: Mapping[str, Any] | None = None,
) -> list[OwnField]:
    """Return the tag fields of an index that people wrote; ``query`` limits the documents.

    In an index that was never attached, a tag field without values counts as well.
    """
    properties = client.indices.get_mapping(index=index)[index]["mappings"].get("properties", {})
    wanted = tag_properties(fields)
    status = properties.get(fields.tagging, {}).get("properties", {}).get("status", {})
    attached = status.get("type") == "keyword"
    found = []
    for name in fields.written:
        if name not in properties:
            continue
        kind = _type(properties[name], wanted[name])
        one = _look(client, OwnField(index, name, kind, 0, None, None), fields, attached, query)
        if one.documents or (not attached and query is None):
            found.append(one)
    return found


def require_decided(found: Sequence[OwnField], fields: TagFields, keep: bool) -> None:
    """Refuse fields with such values, unless ``keep`` says that they move.

    Args:
        keep: their values move to ``fields.manual``.

    Raises:
        UserError: ``keep`` is false, or a field has a type that cannot hold tags.
    """
    wanted = tag_properties(fields)
    for one in found:
        kind = wanted[one.name].get("type", "object")
        setting = setting_of(fields, one.name)
        if one.type != kind:
            raise UserError(
                f"{one}, where tags need {kind}: set {setting} to another name and run "
                "`lmtx-search bootstrap-index`"
            )
        if not keep:
            raise UserError(
                f"{one}: --keep-own-tags moves its values to {fields.manual} as documents are "
                f"tagged, or set {setting} to another name and run `lmtx-search bootstrap-index`"
            )


def require_manual(client: OpenSearch, index: str, fields: TagFields) -> None:
    """Check that people's values can be moved to the field of manual tags.

    Raises:
        UserError: the field has a type that cannot hold texts.
    """
    properties = client.indices.get_mapping(index=index)[index]["mappings"].get("properties", {})
    there = properties.get(fields.manual)
    if there is not None and there.get("type", "object") not in _HOLD_TEXTS:
        raise UserError(
            f"the field {fields.manual} of {index} ({there.get('type', 'object')}) cannot hold "
            f"texts: set {setting_of(fields, fields.manual)} to another name and run `lmtx-search "
            "bootstrap-index`"
        )


def keeping_own(
    state: PipelineState, more: Iterable[str] = (), but: Iterable[str] = ()
) -> PipelineState:
    """Return the pipeline, changed to move people's values of more or of fewer indices.

    Raises:
        UserError: the pipeline is of an earlier release that cannot move them.
    """
    if int(state.body.get("version", 1)) < SCHEMA:
        raise UserError("the pipeline is of an earlier release: run `lmtx-search bootstrap-index`")
    keep = tuple(sorted({*state.keep, *more} - {*but}))
    return replace(state, body=keeping(state, keep), keep=keep)


def setting_of(fields: TagFields, name: str) -> str:
    """Return the setting that names a field."""
    purpose = next(purpose for purpose, called in fields.as_dict().items() if called == name)
    return f"documents.{purpose}_field"


def _type(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the type of a field in words; for an object, with the part of a wrong type."""
    kind = str(there.get("type", "object"))
    for name, field in wanted.get("properties", {}).items():
        part = there.get("properties", {}).get(name)
        if part is not None and part.get("type", "object") != field["type"]:
            return f"{kind} with {name}: {part.get('type', 'object')}"
    return kind


def _look(
    client: OpenSearch,
    one: OwnField,
    fields: TagFields,
    attached: bool,
    query: Mapping[str, Any] | None,
) -> OwnField:
    ours: list[dict[str, Any]] = []
    if attached:
        ours.append({"terms": {fields.status: list(_OURS)}})
    wanted = [{"exists": {"field": one.name}}, *([query] if query else [])]
    if attached and one.name == fields.tagging:
        ours = [{"exists": {"field": fields.status}}]
    body: dict[str, Any] = {
        "size": 1,
        "track_total_hits": True,
        "_source": [one.name],
        "query": {"bool": {"filter": wanted, "must_not": ours}},
    }
    if one.type in _COUNTED:
        body["aggs"] = {"values": {"value_count": {"field": one.name}}}
    answer = client.search(index=one.index, body=body)
    hits = answer["hits"]["hits"]
    return replace(
        one,
        documents=answer["hits"]["total"]["value"],
        values=answer["aggregations"]["values"]["value"] if "aggs" in body else None,
        example=hits[0]["_source"].get(one.name) if hits else None,
    )
