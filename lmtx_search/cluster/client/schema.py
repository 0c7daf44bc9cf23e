"""The form (schema version) of the product's indices and pipeline, so that releases can differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.errors import UserError

SCHEMA = 7
"""Raised with every change that needs a migration, or that an older release cannot read.

Form 1 is the first release's, whose indices do not state a form. A change of a script of
the pipeline needs a migration, too: `bootstrap-index` renews the scripts of earlier forms only.
"""

META_PATH = f"/{','.join(names.PATTERNS)}/_mapping"
"""The path under which the forms of all the product's indices are read."""

META_ONLY = {"filter_path": "*.mappings._meta", "expand_wildcards": "all"}


def schema_of(mappings: Mapping[str, Any]) -> int:
    """Return the form of an index, from its mappings."""
    return int(mappings.get("_meta", {}).get("schema", 1))


def brought_up(mappings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping change that gives an older release's index today's fields and form.

    Args:
        wanted: fields that the index must have; existing fields are not changed.
    """
    meta = {**mappings.get("_meta", {}), "schema": SCHEMA}
    return {"_meta": meta, "properties": missing_fields(mappings, wanted)}


def missing_fields(mappings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the wanted fields that an index lacks."""
    there = mappings.get("properties", {})
    return {name: field for name, field in wanted.items() if name not in there}


def require_known(answer: Mapping[str, Any]) -> None:
    """Check that no newer release has written the indices in an answer to :data:`META_PATH`.

    Raises:
        UserError: a newer release has written one of them.
    """
    for name in sorted(answer):
        require_known_form(f"the index {name}", schema_of(answer[name]["mappings"]))


def require_known_form(what: str, schema: int) -> None:
    """Check that this release knows a form.

    Raises:
        UserError: the form belongs to a newer release.
    """
    if schema > SCHEMA:
        raise UserError(
            f"{what} was written by a newer lmtx-search (form {schema}, this one knows up to "
            f"{SCHEMA}): upgrade lmtx-search here; nothing was changed"
        )
