"""Legacy index templates (``_template``): they add up if no composable one creates an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client.name_patterns import overlap
from lmtx_search.cluster.setup.changes import Change, missing_tag_fields, require_slot
from lmtx_search.cluster.setup.compare import holds
from lmtx_search.cluster.setup.exact_names import require_exact
from lmtx_search.cluster.setup.templates import flat
from lmtx_search.tag_fields import TagFields


def read_legacy(client: OpenSearch, name: str | None = None) -> dict[str, dict[str, Any]]:
    """Return name → body of all legacy templates, or of the one with that name."""
    try:
        found: dict[str, dict[str, Any]] = client.indices.get_template(name=name)
    except NotFoundError:
        return {}
    return found


def write_legacy(
    name: str,
    legacy: Mapping[str, Mapping[str, Any]],
    patterns: Sequence[str],
    pipeline: str,
    fields: TagFields,
    longest_name: Callable[[], int],
) -> Iterator[Change]:
    """Yield the change that writes a template which makes indices of these patterns tag.

    It adds to other templates of the same indices, and does not change them.

    Args:
        legacy: all legacy templates.
        fields: the names of the tag fields.
        longest_name: see :func:`~lmtx_search.cluster.setup.exact_names.require_exact`.

    Raises:
        UserError: the templates name both pipelines, or have a field ``tags`` of another type.
    """
    near = {
        key: one
        for key, one in legacy.items()
        if any(overlap(pattern, new) for pattern in one["index_patterns"] for new in patterns)
    }
    there = near.pop(name, None)
    settings: dict[str, str] = {}
    properties: dict[str, Any] = {}
    for one in sorted(near.values(), key=_order):
        settings |= flat(one.get("settings", {}))
        properties |= one.get("mappings", {}).get("properties", {})
    told = ", ".join(patterns)
    what = f"the legacy templates for {told}"
    slot = require_slot(what, settings)
    require_exact(what, {"properties": properties}, fields, longest_name)
    body = {
        "index_patterns": list(patterns),
        "order": max(map(_order, near.values()), default=0) + 1,
        "settings": {"index": {slot: pipeline}},
        "mappings": {"properties": missing_tag_fields(what, {"properties": properties}, fields)},
    }
    if (
        there is not None
        and holds(there.get("mappings", {}), body["mappings"])
        and all(there[part] == body[part] for part in ("index_patterns", "order", "settings"))
    ):
        return
    beside = f", on top of {', '.join(sorted(near))}" if near else ""
    reason = f"make later indices ({told}) tag: a new legacy template {name}{beside}"
    yield Change("PUT", f"/_template/{name}", body, reason)


def _order(template: Mapping[str, Any]) -> int:
    return int(template.get("order", 0))
