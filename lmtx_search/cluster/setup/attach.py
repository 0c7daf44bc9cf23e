"""Attach indices to the tagging pipeline, those that come later too, and detach them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.index_pipeline import keeps_own_tags
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    put_pipeline,
    read_pipeline,
    with_text_fields,
)
from lmtx_search.cluster.ml.pipeline_copies import copy_name, copy_of, is_tagging, read_copies
from lmtx_search.cluster.setup.changes import Change, free_slot, missing_tag_fields
from lmtx_search.cluster.setup.later_indices import plan_later, plan_undo
from lmtx_search.cluster.setup.named_indices import Named, look_up
from lmtx_search.cluster.setup.own_fields import (
    keeping_own,
    own_fields,
    require_decided,
    require_manual,
)
from lmtx_search.cluster.setup.text_fields import require_text_fields
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields

_MAIN = f"/_ingest/pipeline/{names.PIPELINE}"


def plan_attach(
    client: OpenSearch, index: str, text_fields: Sequence[str], keep_own_tags: bool = False
) -> list[Change]:
    """Return what has to be done; nothing where the index already tags with these fields.

    ``index`` may be an alias, a data stream or a pattern, or several of these with commas: each
    of its indices is attached, and the index templates that make later ones are changed. An index
    that has a default pipeline of its own keeps it: tagging then is its final pipeline.

    Args:
        keep_own_tags: values in fields named like the product's that people wrote move to the
            field of manual tags as their documents are tagged.

    Raises:
        UserError: no such index, no such field, a field that no document holds, a field ``tags``
            of another type or with values of people's, or both places for a pipeline are taken.
    """
    state = read_pipeline(client)
    given = index.split(",")
    found = [look_up(client, name) for name in given]
    mappings = {name: one for named in found for name, one in named.mappings.items()}
    changes, state = plan_own_fields(client, state, given, sorted(mappings), keep_own_tags)
    for name in sorted(mappings):
        require_text_fields(client, name, mappings[name], text_fields)
        changes += _mapping_change(name, mappings[name], state.names)
    # People's own values: what was decided for a name holds for its later indices, and what was
    # decided for an index stays with it.
    keeping = {named.name: state.keeps(named.name) for named in found}
    pipelines = {name: copy_name(text_fields, keep) for name, keep in keeping.items()}
    settings: dict[str, Mapping[str, str]] = {}
    named_by: dict[str, str] = {}
    for named in found:
        settings |= named.settings
        for name in named.indices:
            keep = keeping[named.name] or keeps_own_tags(client, state, name)
            named_by[name] = copy_name(text_fields, keep)
    wanted = {*pipelines.values(), *named_by.values()}
    changes += _pipeline_changes(client, state, found, text_fields, wanted)
    for named in found:
        later = plan_later(client, named, pipelines[named.name])
        changes += [one for one in later if one.path not in {change.path for change in changes}]
    for name in sorted(settings):
        changes += _setting_change(name, settings[name], named_by[name])
    return changes


def attach(client: OpenSearch, changes: Sequence[Change]) -> None:
    """Carry a plan out. The last steps are those that make the indices tag."""
    for change in changes:
        if change.path == _MAIN:
            put_pipeline(client, change.body)
        else:
            client.transport.perform_request(change.method, change.path, body=change.body or None)


def later_unforeseen(client: OpenSearch, index: str) -> Iterator[str]:
    """Yield in words where no later index of an attached name can be foreseen."""
    for name in index.split(","):
        named = look_up(client, name)
        if named.kind == "alias" and named.coming is None:
            yield (
                f"The alias {name} has no write index whose name ends in a number, so the name of "
                "its next index is unknown. Run the same command again when it has a new index"
            )
        if named.kind == "index":
            yield from _written_by(client, name)


def _written_by(client: OpenSearch, index: str) -> Iterator[str]:
    if index.startswith(".ds-"):
        yield f"{index} belongs to a data stream: attach that, so that later ones tag too"
        return
    for alias in client.indices.get_alias(index=index)[index]["aliases"]:
        if look_up(client, alias).coming is not None:
            yield f"The next index of the alias {alias} does not tag: attach {alias} instead"


def plan_own_fields(
    client: OpenSearch,
    state: PipelineState,
    given: Sequence[str],
    indices: Sequence[str],
    keep: bool,
) -> tuple[list[Change], PipelineState]:
    """See that people decided about their own values in the fields of the tags.

    Returns what has to be done, and the pipeline as it is then.

    Args:
        given: the names that are attached: indices, aliases, data streams or patterns.
        indices: the indices behind them.
        keep: values of people's move to the field of manual tags.

    Raises:
        UserError: an index has such a field, and ``keep`` is false or the field cannot hold tags.
    """
    for name in indices:
        found = own_fields(client, name, state.names)
        require_decided(found, state.names, keep or keeps_own_tags(client, state, name))
        if keep:
            require_manual(client, name, state.names)
    if not keep:
        return [], state
    # Documents may be sent to the index by any of its aliases.
    written = {*given, *indices}
    if indices:
        for answer in client.indices.get_alias(index=",".join(indices)).values():
            written |= answer["aliases"].keys()
    kept = keeping_own(state, sorted(written))
    if kept.keep == state.keep:
        return [], state
    reason = f"values in the tag fields that lmtx-search did not write move to {state.names.manual}"
    return [Change("PUT", _MAIN, dict(kept.body), reason)], kept


def _mapping_change(index: str, mappings: Mapping[str, Any], fields: TagFields) -> list[Change]:
    missing = missing_tag_fields(index, mappings, fields)
    if not missing:
        return []
    reason = f"fields for the tags: {', '.join(missing)}"
    return [Change("PUT", f"/{index}/_mapping", {"properties": missing}, reason)]


def _pipeline_changes(
    client: OpenSearch,
    state: PipelineState,
    found: Sequence[Named],
    text_fields: Sequence[str],
    wanted: Collection[str],
) -> list[Change]:
    """Plan those of the pipelines that read these fields that are ``wanted``.

    The main one notes the names.
    """
    changes = []
    told = ", ".join(text_fields)
    copies = read_copies(client)
    for keep in (False, True):
        name, body = copy_name(text_fields, keep), copy_of(state.body, text_fields, keep)
        if name in wanted and copies.get(name) != body:
            moving = f", moving other values to {state.names.manual}" if keep else ""
            reason = f"the pipeline {name}: {names.PIPELINE}, reading {told}{moving}"
            changes.append(Change("PUT", f"/_ingest/pipeline/{name}", body, reason))
    written = {one for named in found for one in (named.name, *named.indices)}
    fields = {**state.indices, **{one: list(text_fields) for one in sorted(written)}}
    if fields != state.indices:
        reason = f"text of {', '.join(sorted(written))}: {told}"
        changes.append(Change("PUT", _MAIN, with_text_fields(state, fields), reason))
    return changes


def _setting_change(index: str, settings: Mapping[str, str], pipeline: str) -> list[Change]:
    slot = free_slot(index, settings)
    there = settings.get(f"index.{slot}")
    if there == pipeline:
        return []
    own = settings.get("index.default_pipeline", "_none")
    reason = f"tag what is indexed (default pipeline {pipeline})"
    if slot == "final_pipeline":
        reason = f"tag after its own default pipeline {own}, which stays (final pipeline)"
    return [Change("PUT", f"/{index}/_settings", {"index": {slot: pipeline}}, reason)]


def plan_detach(client: OpenSearch, index: str) -> list[Change]:
    """Return what has to be done; nothing where the index does not tag.

    Indices and index templates get back what they had: own default pipelines were never touched.
    Tags that documents have stay, and so do the fields of the mapping, which cannot be taken out
    of it, and the pipeline, which a clone or a snapshot of the index may name.

    Raises:
        UserError: no such index, and none of that name was attached.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")
    state = read_pipeline(client)
    given = index.split(",")
    undone = [change for name in given for change in plan_undo(client, name)]
    settings: dict[str, Any] = {}
    for name in given:
        try:
            settings |= client.indices.get_settings(index=name, params={"flat_settings": "true"})
        except NotFoundError:
            if not undone and name not in state.indices:
                raise UserError(f"no index {name}: check its name") from None
    if not settings and not undone and state.indices.keys().isdisjoint(given):
        raise UserError(f"no index {index}: check its name")
    # Templates first: an index that comes meanwhile does not tag either.
    changes = list(undone)
    for name in sorted(settings):
        values = settings[name]["settings"]
        for kind in ("default", "final"):
            if is_tagging(values.get(f"index.{kind}_pipeline")):
                body = {"index": {f"{kind}_pipeline": None}}
                reason = f"no longer tag what is indexed (no {kind} pipeline)"
                changes.append(Change("PUT", f"/{name}/_settings", body, reason))
    return [*changes, *_forget_fields(client, state, given, sorted(settings))]


def _forget_fields(
    client: OpenSearch, state: PipelineState, given: Sequence[str], indices: Sequence[str]
) -> list[Change]:
    """Take the text fields of the indices out of the pipeline, and of aliases that are theirs."""
    gone = {*given, *indices}
    if indices:
        for answer in client.indices.get_alias(index=",".join(indices)).values():
            gone |= answer["aliases"].keys()
    for name in sorted(gone - {*given, *indices}):
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
    return [Change("PUT", _MAIN, with_text_fields(state, fields), reason)]
