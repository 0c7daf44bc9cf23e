"""Attach an existing index to the tagging pipeline, and detach it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    put_pipeline,
    read_pipeline,
    with_text_fields,
)
from lmtx_search.cluster.setup.indices import tag_properties
from lmtx_search.cluster.setup.own_fields import (
    keeping_own,
    own_fields,
    require_decided,
    require_manual,
)
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields


@dataclass(frozen=True, slots=True)
class Change:
    """One request of an attach, and in words what it is for."""

    method: str
    path: str
    body: dict[str, Any]
    reason: str


def plan_attach(
    client: OpenSearch, index: str, text_fields: Sequence[str], keep_own_tags: bool = False
) -> list[Change]:
    """Return what has to be done; nothing where the index already tags with these fields.

    ``index`` may be an alias: each of its indices is attached. An index that has a default
    pipeline of its own keeps it: tagging then is its final pipeline, which runs after it.

    Args:
        keep_own_tags: values in fields named like the product's that people wrote move to the
            field of manual tags as their documents are tagged.

    Raises:
        UserError: no such index, no such field, a field ``tags`` of another type or with values of
            people's, or both places for a pipeline are taken.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: attach one of yours")
    state = read_pipeline(client)
    mappings = client.indices.get_mapping(index=index)
    settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    if not mappings:
        raise UserError(f"no index {index}: check its name")
    changes, state = plan_own_fields(client, state, index, sorted(mappings), keep_own_tags)
    for name in sorted(mappings):
        properties = mappings[name]["mappings"].get("properties", {})
        for field in text_fields:
            _require_field(name, properties, field)
        changes += _mapping_change(name, properties, state.names)
    changes += _pipeline_change(client, state, index, sorted(mappings), text_fields)
    for name in sorted(mappings):
        changes += _setting_change(name, settings[name]["settings"])
    return changes


def require_fields(client: OpenSearch, index: str, fields: Sequence[str]) -> None:
    """See that each index of that name has the fields.

    Raises:
        UserError: no such index, or one without such a field; it says which ones there are.
    """
    mappings = client.indices.get_mapping(index=index)
    if not mappings:
        raise UserError(f"no index {index}: check its name")
    for name in sorted(mappings):
        for field in fields:
            _require_field(name, mappings[name]["mappings"].get("properties", {}), field)


def attach(client: OpenSearch, changes: Sequence[Change]) -> None:
    """Carry a plan out. The last step is the one that makes the index tag."""
    for change in changes:
        if change.path.startswith("/_ingest/"):
            put_pipeline(client, change.body)
        else:
            client.transport.perform_request(change.method, change.path, body=change.body)


def _require_field(index: str, properties: dict[str, Any], field: str) -> None:
    node = {"properties": properties}
    for part in field.split("."):
        inner = node.get("properties", {}).get(part) or node.get("fields", {}).get(part)
        if inner is None:
            known = ", ".join(sorted(properties)[:20]) or "none"
            raise UserError(f"{index} has no field {field}; its fields: {known}")
        node = inner
    if "properties" in node:
        raise UserError(f"the field {field} of {index} is an object: name a field in it")


def plan_own_fields(
    client: OpenSearch, state: PipelineState, alias: str, indices: Sequence[str], keep: bool
) -> tuple[list[Change], PipelineState]:
    """See that people decided about their own values in the fields of the tags.

    Returns what has to be done, and the pipeline as it is then.

    Raises:
        UserError: an index has such a field, and ``keep`` is false or the field cannot hold tags.
    """
    for name in indices:
        found = own_fields(client, name, state.names)
        require_decided(found, state.names, keep or state.keeps(name))
        if keep:
            require_manual(client, name, state.names)
    if not keep:
        return [], state
    # Documents may be sent to the index by any of its aliases.
    written = {alias, *indices}
    for answer in client.indices.get_alias(index=",".join(indices)).values():
        written |= answer["aliases"].keys()
    kept = keeping_own(state, sorted(written))
    if kept.keep == state.keep:
        return [], state
    reason = f"values in the tag fields that lmtx-search did not write move to {state.names.manual}"
    path = f"/_ingest/pipeline/{names.PIPELINE}"
    return [Change("PUT", path, dict(kept.body), reason)], kept


def _mapping_change(index: str, properties: dict[str, Any], fields: TagFields) -> list[Change]:
    wanted = tag_properties(fields)
    missing = {
        name: field
        for name, field in wanted.items()
        if name not in properties
        or not field.get("properties", {}).keys() <= properties[name].get("properties", {}).keys()
    }
    if not missing:
        return []
    reason = f"fields for the tags: {', '.join(missing)}"
    return [Change("PUT", f"/{index}/_mapping", {"properties": missing}, reason)]


def _pipeline_change(
    client: OpenSearch,
    state: PipelineState,
    alias: str,
    indices: Sequence[str],
    text_fields: Sequence[str],
) -> list[Change]:
    # Documents may be sent to the index by any of its aliases.
    written = {alias, *indices}
    for answer in client.indices.get_alias(index=",".join(indices)).values():
        written |= answer["aliases"].keys()
    written = {name for name in written if "*" not in name and "," not in name}
    fields = {**state.indices, **{name: list(text_fields) for name in sorted(written)}}
    if fields == state.indices:
        return []
    reason = f"text of {', '.join(sorted(written))}: {', '.join(text_fields)}"
    path = f"/_ingest/pipeline/{names.PIPELINE}"
    return [Change("PUT", path, with_text_fields(state, fields), reason)]


def _setting_change(index: str, settings: dict[str, str]) -> list[Change]:
    default = settings.get("index.default_pipeline", "_none")
    final = settings.get("index.final_pipeline", "_none")
    if names.PIPELINE in (default, final):
        return []
    if default == "_none":
        reason = f"tag what is indexed (default pipeline {names.PIPELINE})"
        setting = "default_pipeline"
    elif final == "_none":
        reason = f"tag after its own default pipeline {default}, which stays (final pipeline)"
        setting = "final_pipeline"
    else:
        raise UserError(
            f"{index} has a default pipeline ({default}) and a final one ({final}): add a "
            f"`pipeline` processor that names {names.PIPELINE} at the end of {default}"
        )
    body = {"index": {setting: names.PIPELINE}}
    return [Change("PUT", f"/{index}/_settings", body, reason)]


def plan_detach(client: OpenSearch, index: str) -> list[Change]:
    """Return what has to be done; nothing where the index does not tag.

    The index gets back what it had: its own default pipeline was never touched. Tags that its
    documents have stay, and so do the fields of the mapping, which cannot be taken out of it.

    Raises:
        UserError: no such index, or its own pipeline calls the tagging pipeline.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")
    state = read_pipeline(client)
    settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    if not settings:
        raise UserError(f"no index {index}: check its name")
    changes = []
    for name in sorted(settings):
        values = settings[name]["settings"]
        for kind in ("default", "final"):
            if values.get(f"index.{kind}_pipeline") == names.PIPELINE:
                body = {"index": {f"{kind}_pipeline": None}}
                reason = f"no longer tag what is indexed (no {kind} pipeline)"
                changes.append(Change("PUT", f"/{name}/_settings", body, reason))
    return [*changes, *_forget_fields(client, state, index, sorted(settings))]


def _forget_fields(
    client: OpenSearch, state: PipelineState, alias: str, indices: list[str]
) -> list[Change]:
    """Take the text fields of the indices out of the pipeline, and of aliases that are theirs."""
    gone = set(indices)
    for answer in client.indices.get_alias(index=",".join(indices)).values():
        gone |= answer["aliases"].keys()
    if alias not in indices:
        gone.add(alias)
    for name in sorted(gone - set(indices)):
        # An alias that also stands for an index that stays attached is still needed.
        if not set(client.indices.get_alias(name=name)) <= set(indices):
            gone.discard(name)
    fields = {name: value for name, value in state.indices.items() if name not in gone}
    known = state.indices.keys() | {*state.keep}
    if known.isdisjoint(gone):
        return []
    if not gone.isdisjoint(state.keep):
        state = keeping_own(state, but=gone)
    reason = f"forget the text fields of {', '.join(sorted(gone & known))}"
    path = f"/_ingest/pipeline/{names.PIPELINE}"
    return [Change("PUT", path, with_text_fields(state, fields), reason)]
