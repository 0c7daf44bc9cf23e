"""The steps of setting up a cluster, each with its request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the cluster."""

    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One object that the cluster needs; ``request`` is None if it exists already."""

    what: str
    request: Request | None = None
    replaces: bool = False
    locked: bool = False
    """Whether another command may change the same object."""
    fields: TagFields = DEFAULT_FIELDS
    """The names of the pipeline's fields."""
