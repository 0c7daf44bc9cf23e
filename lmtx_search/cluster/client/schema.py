"""Which form the product's indices and pipeline have, so that releases can tell theirs apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.errors import UserError

SCHEMA = 4
"""Counted up with every change that has to be migrated, or that an older release cannot read.

1 is the first release's, whose indices do not say it.
"""

META_PATH = f"/{','.join(names.PATTERNS)}/_mapping"
"""Where the forms of all own indices are read."""

META_ONLY = {"filter_path": "*.mappings._meta", "expand_wildcards": "all"}


def schema_of(mappings: Mapping[str, Any]) -> int:
    """Return the form of an index, from its mappings."""
    return int(mappings.get("_meta", {}).get("schema", 1))


def brought_up(mappings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what gives an index of an earlier release this one's fields and form.

    Args:
        wanted: fields that it must have; one that is there stays as it is.
    """
    meta = {**mappings.get("_meta", {}), "schema": SCHEMA}
    return {"_meta": meta, "properties": missing_fields(mappings, wanted)}


def missing_fields(mappings: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the wanted fields that an index has not."""
    there = mappings.get("properties", {})
    return {name: field for name, field in wanted.items() if name not in there}


def require_known(answer: Mapping[str, Any]) -> None:
    """See that no newer release has written what a cluster answers under :data:`META_PATH`.

    Raises:
        UserError: one has.
    """
    for name in sorted(answer):
        require_known_form(f"the index {name}", schema_of(answer[name]["mappings"]))


def require_known_form(what: str, schema: int) -> None:
    """See that this release knows a form.

    Raises:
        UserError: it is a newer one's.
    """
    if schema > SCHEMA:
        raise UserError(
            f"{what} was written by a newer lmtx-search (form {schema}, this one knows up to "
            f"{SCHEMA}): upgrade lmtx-search here; nothing was changed"
        )
