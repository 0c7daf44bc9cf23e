"""Attaches current and later indices to the tagging pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.index_pipeline import keeps_own_tags
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    put_pipeline,
    read_pipeline,
    with_text_fields,
)
from lmtx_search.cluster.ml.pipeline_copies import (
    called_pipeline,
    copy_name,
    copy_of,
    pipeline_step,
    read_copies,
)
from lmtx_search.cluster.setup.changes import (
    MAIN_PIPELINE,
    Change,
    free_slot,
    missing_tag_fields,
)
from lmtx_search.cluster.setup.exact_names import longest_name, require_exact
from lmtx_search.cluster.setup.later_indices import plan_later, with_later
from lmtx_search.cluster.setup.named_indices import Named, look_up
from lmtx_search.cluster.setup.own_fields import (
    keeping_own,
    own_fields,
    require_decided,
    require_manual,
)
from lmtx_search.cluster.setup.text_fields import require_text_fields
from lmtx_search.tag_fields import TagFields


def plan_attach(
    client: OpenSearch, index: str, text_fields: Sequence[str], keep_own_tags: bool = False
) -> list[Change]:
    """Return the changes to make; none if the index already tags with these fields.

    ``index`` may be an alias, a data stream or a pattern, or several of these with commas. Each
    of its indices is attached, and the index templates that make later ones are changed. An index
    that has a default pipeline of its own keeps it. Tagging is then its final pipeline.

    Args:
        keep_own_tags: move values that people wrote to a tag field (a field with a name that
            the product uses) to the field of manual tags when their documents are tagged.

    Raises:
        UserError: the index or a field does not exist, no document holds a field, the field
            ``tags`` has another type, changes names or has values that people wrote, or an index
            template has both a default and a final pipeline.
    """
    state = read_pipeline(client)
    given = index.split(",")
    found = [look_up(client, name) for name in given]
    mappings = {name: one for named in found for name, one in named.mappings.items()}
    longest = cache(partial(longest_name, client))
    for name in sorted(mappings):
        require_exact(name, mappings[name], state.names, longest)
    changes, state = plan_own_fields(client, state, given, sorted(mappings), keep_own_tags)
    for name in sorted(mappings):
        require_text_fields(client, name, mappings[name], text_fields)
        changes += _mapping_change(name, mappings[name], state.names)
    # A decision about people's own values for a name applies to its later indices too; a decision
    # for an index stays with the index.
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
        changes = with_later(changes, plan_later(client, named, pipelines[named.name], longest))
    for name in sorted(settings):
        changes += _setting_change(name, settings[name], named_by[name])
    return changes


def attach(client: OpenSearch, changes: Sequence[Change]) -> None:
    """Carry out a plan. Its last steps make the indices tag."""
    for change in changes:
        if change.path == MAIN_PIPELINE:
            put_pipeline(client, change.body)
        else:
            client.transport.perform_request(change.method, change.path, body=change.body or None)


def steps_left(
    client: OpenSearch, index: str, text_fields: Sequence[str], keep_own_tags: bool = False
) -> Iterator[str]:
    """Yield what only the user can do: an index's own default pipeline has to call ours.

    The arguments are those of :func:`plan_attach`.
    """
    state = read_pipeline(client)
    settings = {
        name: one
        for given in index.split(",")
        for name, one in look_up(client, given).settings.items()
    }
    for name, one in sorted(settings.items()):
        if free_slot(one) is not None:
            continue
        own = one["index.default_pipeline"]
        wanted = copy_name(text_fields, keep_own_tags or keeps_own_tags(client, state, name))
        step, called = pipeline_step(wanted), called_pipeline(client, own)
        if called == wanted:
            continue
        if called is not None:
            yield (
                f"{name} does not tag from {', '.join(text_fields)} yet, because its default "
                f"pipeline {own} calls {called}: replace this step of {own} by {step}"
            )
            continue
        yield (
            f"{name} does not tag yet, because it has a default pipeline ({own}) and a final one "
            f"({one['index.final_pipeline']}): add {step} at the end of the processors of {own}"
        )


def later_unforeseen(client: OpenSearch, index: str) -> Iterator[str]:
    """Yield a warning for each attached name whose later indices cannot be predicted."""
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
        yield f"{index} belongs to a data stream: attach that, so that later indices tag too"
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
    """Plan what happens to values that people wrote in the tag fields.

    Returns the changes to make, and the state of the pipeline after them.

    Args:
        given: the names to attach: indices, aliases, data streams or patterns.
        indices: the indices behind them.
        keep: move these values to the field of manual tags.

    Raises:
        UserError: an index has such values, and ``keep`` is false or the field cannot hold tags.
    """
    for name in indices:
        found = own_fields(client, name, state.names)
        require_decided(found, state.names, keep or keeps_own_tags(client, state, name))
        if keep:
            require_manual(client, name, state.names)
    if not keep:
        return [], state
    # Documents may be sent to the index under any of its aliases.
    written = {*given, *indices}
    if indices:
        for answer in client.indices.get_alias(index=",".join(indices)).values():
            written |= answer["aliases"].keys()
    kept = keeping_own(state, sorted(written))
    if kept.keep == state.keep:
        return [], state
    reason = f"values in the tag fields that lmtx-search did not write move to {state.names.manual}"
    return [Change("PUT", MAIN_PIPELINE, dict(kept.body), reason)], kept


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
    """Plan those pipelines that read these fields and are ``wanted``.

    The names are recorded in the main pipeline.
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
        changes.append(Change("PUT", MAIN_PIPELINE, with_text_fields(state, fields), reason))
    return changes


def _setting_change(index: str, settings: Mapping[str, str], pipeline: str) -> list[Change]:
    slot = free_slot(settings)
    if slot is None:
        return []  # its own default pipeline has to call ours
    there = settings.get(f"index.{slot}")
    if there == pipeline:
        return []
    own = settings.get("index.default_pipeline", "_none")
    reason = f"tag what is indexed (default pipeline {pipeline})"
    if slot == "final_pipeline":
        reason = f"tag after its own default pipeline {own}, which stays (final pipeline)"
    return [Change("PUT", f"/{index}/_settings", {"index": {slot: pipeline}}, reason)]
