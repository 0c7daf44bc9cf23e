"""Composable index templates, and the changes that attach and detach make to them."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.name_patterns import overlap
from lmtx_search.cluster.ml.pipeline_copies import is_tagging

_MARK = "lmtx-search"
"""Key in a template's ``_meta``: the additions of an attach, and for which attached names."""

_OURS = "lmtx-attached-"
_SLOTS = ("default_pipeline", "final_pipeline")


@dataclass(frozen=True, slots=True)
class Template:
    """A composable index template."""

    name: str
    body: Mapping[str, Any]

    @property
    def patterns(self) -> list[str]:
        """Patterns of the names of the indices that it creates."""
        return list(self.body["index_patterns"])

    @property
    def priority(self) -> int:
        """Of several templates for a name, the one with the highest priority is used."""
        return int(self.body.get("priority") or 0)

    @property
    def mark(self) -> Mapping[str, Any]:
        """The record that an attach left in it."""
        mark: Mapping[str, Any] = self.body.get("_meta", {}).get(_MARK, {})
        return mark


def own_name(name: str) -> str:
    """Return the name of the template that is written for an attached name."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{_OURS}{readable}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def composable(client: OpenSearch) -> list[Template]:
    """Return all composable templates, by falling priority."""
    answer = client.indices.get_index_template()["index_templates"]
    found = [Template(one["name"], one["index_template"]) for one in answer]
    return sorted(found, key=lambda one: one.priority, reverse=True)


def simulated(client: OpenSearch, one: Template) -> dict[str, Any]:
    """Return settings and mappings of an index that a template and its components create."""
    answer = client.transport.perform_request("POST", f"/_index_template/_simulate/{one.name}")
    template: dict[str, Any] = answer.get("template", {})
    return template


def free_priority(templates: Sequence[Template], pattern: str, lowest: int) -> int:
    """Return a priority that no template for the same names has, as the cluster requires."""
    own = (one for one in templates if not one.name.startswith(_OURS))
    taken = {one.priority for one in own if any(overlap(p, pattern) for p in one.patterns)}
    while lowest in taken:
        lowest += 1
    return lowest


def tagging_body(
    body: Mapping[str, Any],
    attached: str,
    slot: str,
    pipeline: str,
    mended: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a template's body with tagging, and with a record of what was added.

    Args:
        mended: fields whose mapping replaces that of the template or its components.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(body))
    template = changed.setdefault("template", {})
    settings = template.setdefault("settings", {}).setdefault("index", {})
    mark = dict(changed.get("_meta", {}).get(_MARK, {}))
    if mark.get("setting") != slot:
        # Also if a pipeline of the user's own has taken the place of the earlier setting.
        mark |= {"setting": slot, "was": settings.get(slot)}
    settings[slot] = pipeline
    parts = changed.setdefault("composed_of", [])
    if names.TAGS_TEMPLATE not in parts:
        parts.insert(0, names.TAGS_TEMPLATE)  # the template's own fields come after it
        mark["composed_of"] = True
    if mended:
        own = template.setdefault("mappings", {}).setdefault("properties", {})
        was = {name: own.get(name, {}) for name in mended}
        mark["fields"] = {**was, **mark.get("fields", {})}
        own.update(mended)
    mark["attached"] = sorted({*mark.get("attached", []), attached})
    return marked(changed, mark)


def marked(body: Mapping[str, Any], mark: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's body with another record of what was added."""
    return {**body, "_meta": {**body.get("_meta", {}), _MARK: dict(mark)}}


def mark_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of what was added to a template's body ({}: nothing was)."""
    return dict(body.get("_meta", {}).get(_MARK, {}))


def restored(one: Template) -> dict[str, Any]:
    """Return a template's body without the additions of an attach.

    A pipeline that someone named since the attach stays.
    """
    body: dict[str, Any] = copy.deepcopy(dict(one.body))
    if not one.mark:
        return body
    del body["_meta"][_MARK]
    settings = body.get("template", {}).get("settings", {}).get("index", {})
    for slot in [slot for slot in _SLOTS if is_tagging(settings.get(slot))]:
        del settings[slot]
        if slot == one.mark["setting"] and one.mark.get("was") is not None:
            settings[slot] = one.mark["was"]
    if one.mark.get("composed_of") and names.TAGS_TEMPLATE in body.get("composed_of", []):
        body["composed_of"].remove(names.TAGS_TEMPLATE)
    own = body.get("template", {}).get("mappings", {}).get("properties", {})
    for name, was in one.mark.get("fields", {}).items():
        own.pop(name, None)
        own.update({name: was} if was else {})
    for path in (
        ("template", "settings", "index"),
        ("template", "settings"),
        ("template", "mappings", "properties"),
        ("template", "mappings"),
        ("template",),
    ):
        _drop_empty(body, path)
    _drop_empty(body, ("_meta",))
    return body


def _drop_empty(body: dict[str, Any], path: Sequence[str]) -> None:
    *parents, last = path
    node: Any = body
    for part in parents:
        node = node.get(part, {})
    if node.get(last) == {}:
        del node[last]


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings with dotted keys."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
