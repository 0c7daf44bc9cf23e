"""The index templates that create later indices of an alias, a data stream or a pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.name_patterns import covers, overlap
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline, is_tagging, pipeline_step
from lmtx_search.cluster.setup.changes import (
    Change,
    free_slot,
    missing_tag_fields,
    require_slot,
)
from lmtx_search.cluster.setup.exact_names import require_exact
from lmtx_search.cluster.setup.indices import miscopied
from lmtx_search.cluster.setup.legacy_templates import read_legacy, write_legacy
from lmtx_search.cluster.setup.named_indices import Named
from lmtx_search.cluster.setup.templates import (
    Template,
    composable,
    flat,
    free_priority,
    mark_of,
    marked,
    own_name,
    restored,
    simulated,
    tagging_body,
)
from lmtx_search.errors import UserError


def plan_later(
    client: OpenSearch, named: Named, pipeline: str, longest_name: Callable[[], int]
) -> list[Change]:
    """Return the changes that make later indices of a name tag with ``pipeline``.

    The composable templates that create them get the pipeline's setting and the component template
    with the tag fields. A template that creates all indices of a cluster, or that already tags by
    other fields for another name, is left alone: a copy of it with a higher priority is written for
    these indices. If there is no template, a new one is written.

    Args:
        longest_name: see :func:`~lmtx_search.cluster.setup.exact_names.require_exact`.

    Raises:
        UserError: a template has both pipelines already, or a field ``tags`` of its own.
    """
    templates = composable(client)
    legacy = read_legacy(client)
    changes: list[Change] = []
    # Patterns of names that only legacy templates cover.
    old_ways = _giving_alias(legacy, named)
    makers = list(_makers(templates, named))
    for one in makers:
        changes += _change(client, templates, named, one, pipeline, longest_name)
    if named.pattern is not None and not any(_makes_all(one, named) for one in makers):
        priority = _low_priority(templates, named.pattern)
        if priority is None or any(
            overlap(pattern, named.pattern)
            for one in legacy.values()
            for pattern in one["index_patterns"]
        ):
            # A composable template disables legacy templates, and those of lower priority, for its
            # indices.
            old_ways.append(named.pattern)
        else:
            changes.append(_new(named, pipeline, named.pattern, priority))
    if old_ways:
        changes += write_legacy(
            own_name(named.name), legacy, old_ways, pipeline, tag_fields(client), longest_name
        )
    return changes


def with_later(changes: Sequence[Change], later: Sequence[Change]) -> list[Change]:
    """Return changes with those for another name. One template notes all names it tags for."""
    found = list(changes)
    for one in later:
        at = next((at for at, there in enumerate(found) if there.path == one.path), None)
        if at is None:
            found.append(one)
        elif together := [*_attached(found[at]), *_attached(one)]:
            body = found[at].body
            mark = {**mark_of(body), "attached": list(dict.fromkeys(together))}
            found[at] = replace(found[at], body=marked(body, mark))
    return found


def _attached(change: Change) -> list[str]:
    return list(mark_of(change.body).get("attached", []))


def plan_undo(client: OpenSearch, name: str) -> list[Change]:
    """Return the changes that undo all changes of :func:`plan_later` for a name."""
    changes = []
    for one in composable(client):
        if name not in one.mark.get("attached", []):
            continue
        path = f"/_index_template/{one.name}"
        if one.name == own_name(name):
            reason = f"delete the index template {one.name}, which attach wrote"
            changes.append(Change("DELETE", path, {}, reason))
            continue
        left = [other for other in one.mark["attached"] if other != name]
        if left:
            body = marked(one.body, {**one.mark, "attached": left})
            reason = f"the index template {one.name} still tags for {', '.join(left)}"
        else:
            body = restored(one)
            reason = f"restore the index template {one.name}"
        changes.append(Change("PUT", path, body, reason))
    if own_name(name) in read_legacy(client, own_name(name)):
        reason = f"delete the legacy template {own_name(name)}, which attach wrote"
        changes.append(Change("DELETE", f"/_template/{own_name(name)}", {}, reason))
    return changes


def _makers(templates: Sequence[Template], named: Named) -> Iterator[Template]:
    """Yield the templates that create some of the later indices, by falling priority.

    A template is left out if another one with a higher priority covers all of its names.
    """
    covered = False
    for one in templates:
        if named.template is not None:
            makes = one.name == named.template
        else:
            makes = not covered and named.coming is not None and _makes_some(one, named.coming)
            covered = covered or (makes and _makes_all(one, named))
        gives = named.kind == "alias" and named.name in _aliases(one.body.get("template", {}))
        if makes or gives:
            yield one


def _makes_some(one: Template, given: str) -> bool:
    return any(overlap(pattern, given) for pattern in one.patterns)


def _makes_all(one: Template, named: Named) -> bool:
    return named.coming is not None and any(
        covers(pattern, named.coming) for pattern in one.patterns
    )


def _aliases(template: Mapping[str, Any]) -> Mapping[str, Any]:
    aliases: Mapping[str, Any] = template.get("aliases", {})
    return aliases


def _giving_alias(legacy: Mapping[str, Mapping[str, Any]], named: Named) -> list[str]:
    """Return the patterns of legacy templates that give their indices an attached alias."""
    if named.kind != "alias":
        return []
    giving = (one for one in legacy.values() if named.name in _aliases(one))
    return [pattern for one in giving for pattern in one["index_patterns"]]


def _change(
    client: OpenSearch,
    templates: Sequence[Template],
    named: Named,
    one: Template,
    pipeline: str,
    longest_name: Callable[[], int],
) -> Iterator[Change]:
    made = simulated(client, one)
    settings = {
        key: value
        for key, value in flat(made.get("settings", {})).items()
        if key in ("index.default_pipeline", "index.final_pipeline")
    }
    what = f"the index template {one.name}"
    mappings, fields = made.get("mappings", {}), tag_fields(client)
    missing = missing_tag_fields(what, mappings, fields)
    mended = miscopied(mappings.get("properties", {}), fields)
    require_exact(what, mappings, fields, longest_name)
    own = settings.get("index.default_pipeline", "_none")
    called = called_pipeline(client, own) if free_slot(settings) is None else None
    if called is not None:
        if called != pipeline:
            raise UserError(
                f"the default pipeline {own} of {what} calls {called}: attach one of its indices "
                f"by its own name, and replace this step of {own} by {pipeline_step(pipeline)}"
            )
        if missing.keys() - mended.keys():
            raise UserError(
                f"{what} lacks the fields of the tags: add {names.TAGS_TEMPLATE} to its composed_of"
            )
        if mended:
            raise UserError(
                f'{what} has its own {", ".join(mended)}: add "copy_to": "{fields.all}" to each'
            )
        return
    attached = list(one.mark.get("attached", []))
    there = next((value for value in settings.values() if is_tagging(value)), None)
    if there == pipeline and named.name in attached and not mended:
        return
    patterns = ", ".join(one.patterns)
    slot = require_slot(what, settings)
    is_anothers = there != pipeline and any(name != named.name for name in attached)
    if named.pattern is not None and (is_anothers or "*" in one.patterns):
        body = tagging_body(restored(one), named.name, slot, pipeline, mended)
        body |= {
            "index_patterns": [named.pattern],
            "priority": free_priority(templates, named.pattern, one.priority + 1),
        }
        yield _put(
            own_name(named.name),
            body,
            f"make later indices ({named.pattern}) tag: a copy of the index template {one.name} "
            f"({patterns}) with a higher priority; make later changes to {one.name} in both",
        )
        return
    yield _put(
        one.name,
        tagging_body(one.body, named.name, slot, pipeline, mended),
        f"make later indices tag: {slot} {pipeline} in the index template {one.name}, for all "
        f"that it makes ({patterns})",
    )


def _low_priority(templates: Sequence[Template], pattern: str) -> int | None:
    """Return a priority below that of all templates for some of the names; None if impossible."""
    near = [one.priority for one in templates if _makes_some(one, pattern)]
    if not near:
        return 1
    return min(near) - 1 if min(near) else None


def _new(named: Named, pipeline: str, pattern: str, priority: int) -> Change:
    name = own_name(named.name)
    body = tagging_body({}, named.name, "default_pipeline", pipeline)
    body |= {"index_patterns": [pattern], "priority": priority}
    return _put(name, body, f"make later indices ({pattern}) tag: a new index template {name}")


def _put(name: str, body: dict[str, Any], reason: str) -> Change:
    return Change("PUT", f"/_index_template/{name}", body, reason)
