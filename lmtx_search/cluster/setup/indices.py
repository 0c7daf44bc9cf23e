"""Prepares the indices of documents: creates them or checks their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.documents.checkpoint import index_identity
from lmtx_search.cluster.documents.own_values import METADATA_FIELD
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline, is_tagging
from lmtx_search.cluster.setup.named_indices import is_stream, read_aliases, write_index
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import TagFields

# Reasons that are listed one by one.
_REASONS = 5
# Types of fields that can be copied into a keyword.
_COPIED = ("keyword", "text", "match_only_text", "wildcard")
_STATUSES = ("tagged", "pending", "untagged", "skipped", "failed")


def prepare_training_index(client: OpenSearch, index: str, id_field: str = "id") -> bool:
    """Create the index of training documents if it is missing; return whether it was created.

    ``id_field`` becomes a keyword. Without that, an index whose first id consists of digits would
    accept only numbers.

    Raises:
        UserError: ``bootstrap-index`` has not run, or the index belongs to the product.
    """
    _refuse_own(index)
    if client.indices.exists(index=index):
        return False
    _require_pipeline(client)
    client.indices.create(index=index, body=_body("documents", id_field, tag_fields(client)))
    return True


def prepare_tagged_index(client: OpenSearch, index: str, id_field: str = "id") -> bool:
    """Create an index that tags its documents, or check an existing one; return whether it is new.

    ``id_field`` becomes a keyword, as in :func:`prepare_training_index`.

    Raises:
        UserError: ``bootstrap-index`` has not run, the index belongs to the product, or it exists
            and does not tag.
    """
    _refuse_own(index)
    _require_pipeline(client)
    # A user who may only write sees the result in `tagging.status` of the documents.
    try:
        there = client.indices.exists(index=index)
    except AuthorizationException:
        return False
    if not there:
        client.indices.create(index=index, body=_body("tagged", id_field, tag_fields(client)))
        return True
    try:
        settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    except AuthorizationException:
        return False
    name = _written(client, index, settings)
    try:
        tagging = tags(settings[name]["settings"], partial(called_pipeline, client))
    except AuthorizationException:  # the index has a pipeline of its own, which may call ours
        return False
    if not tagging:
        where = f"the index {name}" if name == index else f"{index} (its write index {name})"
        raise UserError(
            f"{where} does not tag its documents: run "
            f"`lmtx-search attach {index} --text-field FIELD` first"
        )
    return False


def tags(settings: Mapping[str, str], called: Callable[[str], str | None]) -> bool:
    """Return whether an index with these settings (dotted keys) tags its documents.

    Args:
        called: returns the tagging pipeline that a default pipeline of the index's own calls, see
            :func:`~lmtx_search.cluster.ml.pipeline_copies.called_pipeline`. For many indices, it
            should read each pipeline once.
    """
    if any(is_tagging(settings.get(f"index.{kind}_pipeline")) for kind in ("default", "final")):
        return True
    own = settings.get("index.default_pipeline", "_none")
    return own != "_none" and called(own) is not None


def _written(client: OpenSearch, name: str, settings: Mapping[str, Any]) -> str:
    """Return the index into which documents go that are sent to an index, alias or data stream.

    Raises:
        UserError: an alias of several indices without a write index.
    """
    if name in settings:
        return name
    aliases = read_aliases(client, name, settings)
    if aliases is None:
        return max(settings)  # the newest backing index of a data stream
    written = write_index(name, aliases)
    if written is None:
        raise UserError(
            f"the alias {name} contains {', '.join(sorted(aliases))}, and none is its write "
            "index: set is_write_index for one of them, or name that one"
        )
    return written


def is_data_stream(client: OpenSearch, index: str) -> bool:
    """Return whether a name is a data stream (False if the user may not read its settings)."""
    try:
        settings = client.indices.get_settings(index=index, name="index.uuid")
    except AuthorizationException:
        return False
    return is_stream(index, settings)


def identity(client: OpenSearch, index: str) -> str:
    """Return an id that is another one where earlier documents are gone ("" if it may not be read).

    That is the case for a later index of the same name, and after the restore of a snapshot over
    the index. For an alias or a data stream it is the id of the oldest index, and those of others
    over which a snapshot was restored, so that a rollover keeps it.
    """
    try:
        settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    except AuthorizationException:
        return ""
    values = [answer["settings"] for answer in settings.values()]
    oldest = min(values, key=lambda one: (int(one["index.creation_date"]), one["index.uuid"]))
    restored = (index_identity(one) for one in values if "index.history.uuid" in one)
    return " ".join(sorted({index_identity(oldest), *restored}))


def tagging_counts(client: OpenSearch, index: str) -> dict[str, int]:
    """Return how many documents of an index are tagged, pending, untagged, skipped and failed.

    ``other`` counts documents that never went through the pipeline. The result is empty for a user
    who may only write.
    """
    statuses = {"terms": {"field": tag_fields(client).status, "size": 20}}
    body = {"size": 0, "track_total_hits": True, "aggs": {"statuses": statuses}}
    try:
        answer = client.search(index=index, body=body)
    except AuthorizationException:
        return {}
    counts = dict.fromkeys(_STATUSES, 0)
    for bucket in answer["aggregations"]["statuses"]["buckets"]:
        counts[bucket["key"]] = bucket["doc_count"]
    counts["other"] = answer["hits"]["total"]["value"] - sum(counts.values())
    return counts


def tagging_errors(client: OpenSearch, index: str, tagged: bool = False) -> dict[str, int]:
    """Return why documents of an index were not tagged, and how many for each reason.

    Rarer reasons are counted together, as ``other reasons``.

    Args:
        tagged: of the documents that were tagged instead, what was unusual about them.
    """
    fields = tag_fields(client)
    is_tagged = {"term": {fields.status: "tagged"}}
    reasons = {"terms": {"field": fields.of_tagging("error.keyword"), "size": _REASONS}}
    body = {
        "size": 0,
        "query": {"bool": {"filter" if tagged else "must_not": [is_tagged]}},
        "aggs": {"reasons": reasons},
    }
    found = client.search(index=index, body=body)["aggregations"]["reasons"]
    counts = {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}
    if others := found["sum_other_doc_count"]:
        counts["other reasons"] = others
    return counts


def tag_properties(fields: TagFields) -> dict[str, Any]:
    """Return the mapping of the fields that tagging writes."""
    return fields.properties(load("component_templates/tags")["template"]["mappings"]["properties"])


def missing_tag_parts(there: Mapping[str, Any], fields: TagFields) -> dict[str, Any]:
    """Return the tag fields, and the parts of such fields, that an index lacks.

    Existing parts are left out, because an index refuses to change how it stores them. A field
    whose copies change (:func:`miscopied`) is whole, because an index forgets what is left out.

    Args:
        there: the properties of the index.
    """
    missing: dict[str, Any] = {}
    for name, field in tag_properties(fields).items():
        if name not in there:
            missing[name] = field
            continue
        known = there[name].get("properties", {})
        parts = {
            part: body for part, body in field.get("properties", {}).items() if part not in known
        }
        if parts:
            missing[name] = {"properties": parts}
    return missing | miscopied(there, fields)


def miscopied(there: Mapping[str, Any], fields: TagFields) -> dict[str, Any]:
    """Return fields whose copies in ``fields.all`` are wrong, with the right mapping.

    The tags and the manual tags are copied into it. Other fields are not: a field that held the
    tags before it got another name would count twice.

    Args:
        there: the properties of the index.
    """
    mended: dict[str, Any] = {}
    for name, field in there.items():
        copies = copied_to(field)
        wanted = name in (fields.tags, fields.manual) and field.get("type") in _COPIED
        if wanted == (fields.all in copies):
            continue
        right = [*copies, fields.all] if wanted else [to for to in copies if to != fields.all]
        rest = {key: value for key, value in field.items() if key != "copy_to"}
        mended[name] = {**rest, "copy_to": right} if right else rest
    return mended


def copied_to(field: Mapping[str, Any]) -> list[str]:
    """Return the fields into which the mapping of a field copies its values."""
    copies = field.get("copy_to", [])
    return list(copies) if isinstance(copies, list) else [copies]


def require_own_all(what: str, there: Mapping[str, Any], fields: TagFields) -> None:
    """Check that a field ``fields.all`` is the one that this product maps.

    Args:
        what: the index or template, for the message.
        there: its properties.

    Raises:
        UserError: it has its own field of that name, whose values would count as tags.
    """
    wanted = tag_properties(fields)[fields.all]
    field = there.get(fields.all)
    if field is not None and any(str(field.get(key)) != str(wanted[key]) for key in wanted):
        raise UserError(
            f"{what} has its own field {fields.all}: set documents.all_field to another name and "
            "run `lmtx-search bootstrap-index`"
        )


def _body(name: str, id_field: str, fields: TagFields) -> dict[str, Any]:
    tags = tag_properties(fields)
    metadata = {METADATA_FIELD: {"type": "object", "enabled": False}}
    return load(f"indices/{name}", properties={**id_property(id_field), **metadata, **tags})


def id_property(id_field: str) -> dict[str, Any]:
    """Return the mapping of the field of ids, which may be a path such as ``meta.id``."""
    name, *inside = id_field.split(".", 1)
    return {name: {"properties": id_property(inside[0])} if inside else {"type": "keyword"}}


def _refuse_own(index: str) -> None:
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")


def _require_pipeline(client: OpenSearch) -> None:
    try:
        client.ingest.get_pipeline(id=names.PIPELINE)
    except NotFoundError as error:
        raise UserError(
            f"the cluster has no ingest pipeline {names.PIPELINE}: run "
            "`lmtx-search bootstrap-index` first"
        ) from error
    except AuthorizationException:
        # A user who may only write may lack the right to read pipelines.
        return
