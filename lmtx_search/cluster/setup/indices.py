"""The indices that documents go into: made with the right fields, or seen to have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.documents.own_values import METADATA_FIELD
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.ml.pipeline_copies import is_tagging
from lmtx_search.cluster.setup.named_indices import is_stream, read_aliases, write_index
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import TagFields

_STATUSES = ("tagged", "pending", "untagged", "skipped", "failed")


def prepare_training_index(client: OpenSearch, index: str, id_field: str = "id") -> bool:
    """Create the index of training documents unless it is there; tell whether it was created.

    ``id_field`` becomes a keyword: after a first id of digits the index would take no other ones.

    Raises:
        UserError: ``bootstrap-index`` has not run, or the index is one of the product's own.
    """
    _refuse_own(index)
    if client.indices.exists(index=index):
        return False
    _require_pipeline(client)
    client.indices.create(index=index, body=_body("documents", id_field, tag_fields(client)))
    return True


def prepare_tagged_index(client: OpenSearch, index: str, id_field: str = "id") -> bool:
    """Create an index that tags what is indexed, or see that it does; tell whether it is new.

    ``id_field`` becomes a keyword, as in :func:`prepare_training_index`.

    Raises:
        UserError: ``bootstrap-index`` has not run, the index is one of the product's own, or it is
            there and does not tag.
    """
    _refuse_own(index)
    _require_pipeline(client)
    # Whoever may only write finds out by `tagging.status` of the documents.
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
    if not tags(settings[name]["settings"]):
        where = f"the index {name}" if name == index else f"{index} (its write index {name})"
        raise UserError(
            f"{where} does not tag its documents: run "
            f"`lmtx-search attach {index} --text-field FIELD` first"
        )
    return False


def tags(settings: Mapping[str, str]) -> bool:
    """Tell by an index's settings (flat) whether it tags what is indexed."""
    return any(is_tagging(settings.get(f"index.{kind}_pipeline")) for kind in ("default", "final"))


def _written(client: OpenSearch, name: str, settings: Mapping[str, Any]) -> str:
    """Return the index that documents sent to a name go into: its own, or an alias's or stream's.

    Raises:
        UserError: an alias of several indices, none of which is for writing.
    """
    if name in settings:
        return name
    aliases = read_aliases(client, name, settings)
    if aliases is None:
        return max(settings)  # the newest backing index of a data stream
    written = write_index(name, aliases)
    if written is None:
        raise UserError(
            f"the alias {name} stands for {', '.join(sorted(aliases))}, and none is its write "
            "index: set is_write_index for one of them, or name that one"
        )
    return written


def is_data_stream(client: OpenSearch, index: str) -> bool:
    """Tell whether a name is a data stream's (False where the user may not see its settings)."""
    try:
        settings = client.indices.get_settings(index=index, name="index.uuid")
    except AuthorizationException:
        return False
    return is_stream(index, settings)


def index_uuid(client: OpenSearch, index: str) -> str:
    """Return what tells this index from a later one of the same name ("" if it may not be read).

    Of an alias or a data stream that is the oldest index's: a rollover is no other index.
    """
    try:
        settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    except AuthorizationException:
        return ""
    values = [answer["settings"] for answer in settings.values()]
    oldest = min(values, key=lambda one: (int(one["index.creation_date"]), one["index.uuid"]))
    return str(oldest["index.uuid"])


def tagging_counts(client: OpenSearch, index: str) -> dict[str, int]:
    """Return how many documents of an index are tagged, pending, untagged, skipped and failed.

    ``other`` are those that never went through the pipeline. Empty for a user who may only write.
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


def tagging_errors(client: OpenSearch, index: str) -> list[tuple[str, int]]:
    """Return the most frequent reasons why documents of an index could not be tagged."""
    error = tag_fields(client).of_tagging("error.keyword")
    reasons = {"terms": {"field": error, "size": 3}}
    body = {"size": 0, "aggs": {"reasons": reasons}}
    buckets = client.search(index=index, body=body)["aggregations"]["reasons"]["buckets"]
    return [(bucket["key"], bucket["doc_count"]) for bucket in buckets]


def tag_properties(fields: TagFields) -> dict[str, Any]:
    """Return the mapping of the fields that tagging writes."""
    return fields.properties(load("component_templates/tags")["template"]["mappings"]["properties"])


def _body(name: str, id_field: str, fields: TagFields) -> dict[str, Any]:
    tags = tag_properties(fields)
    # A dot would make an object of the field.
    own = {} if "." in id_field else {id_field: {"type": "keyword"}}
    metadata = {METADATA_FIELD: {"type": "object", "enabled": False}}
    return load(f"indices/{name}", properties={**own, **metadata, **tags})


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
        # Whoever may only write need not be allowed to read pipelines.
        return
