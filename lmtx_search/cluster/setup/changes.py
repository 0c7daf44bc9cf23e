"""The changes that an attach makes to an index or an index template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.pipeline_copies import is_tagging
from lmtx_search.cluster.setup.indices import missing_tag_parts, require_own_all, tag_properties
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields

MAIN_PIPELINE = f"/_ingest/pipeline/{names.PIPELINE}"
"""The path of the main pipeline."""


@dataclass(frozen=True, slots=True)
class Change:
    """One request of an attach, and its purpose in words."""

    method: str
    path: str
    body: dict[str, Any]
    reason: str


def free_slot(settings: Mapping[str, str]) -> str | None:
    """Return the setting that will name the tagging pipeline; None if both name other pipelines.

    A default pipeline of the index's own is kept. Tagging is then the final pipeline, which runs
    after it.

    Args:
        settings: of an index or a template, with dotted keys.
    """
    default = settings.get("index.default_pipeline", "_none")
    final = settings.get("index.final_pipeline", "_none")
    if is_tagging(default):
        return "default_pipeline"
    if is_tagging(final):
        return "final_pipeline"
    if default == "_none":
        return "default_pipeline"
    if final == "_none":
        return "final_pipeline"
    return None


def require_slot(what: str, settings: Mapping[str, str]) -> str:
    """Return the :func:`free_slot` of an index template.

    Args:
        what: the template, for the message.

    Raises:
        UserError: the template has both a default and a final pipeline.
    """
    slot = free_slot(settings)
    if slot is None:
        default, final = (settings[f"index.{kind}_pipeline"] for kind in ("default", "final"))
        raise UserError(
            f"{what} has a default pipeline ({default}) and a final one ({final}): remove one of "
            "them, or attach each index by its own name after it was made"
        )
    return slot


def missing_tag_fields(what: str, mappings: Mapping[str, Any], fields: TagFields) -> dict[str, Any]:
    """Return the tag fields that the mappings lack.

    Raises:
        UserError: the mappings have a field of the same name and another type, or their
            own field ``fields.all``.
    """
    properties = mappings.get("properties", {})
    require_own_all(what, properties, fields)
    wanted = tag_properties(fields)
    for name, field in wanted.items():
        there = properties.get(name)
        kind = field.get("type", "object")
        if name in fields.people:  # values that people wrote, of any type
            continue
        if there is not None and there.get("type", "object") != kind:
            raise UserError(
                f"{what} has its own field {name} ({there.get('type', 'object')}, not {kind}): "
                "reindex it under another name first"
            )
    return missing_tag_parts(properties, fields)
