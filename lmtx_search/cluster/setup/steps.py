"""The steps of setting a cluster up, each with its request."""

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
    """One thing that has to be there; ``request`` is None where it is there already."""

    what: str
    request: Request | None = None
    replaces: bool = False
    locked: bool = False
    """Whether another command may change the same thing."""
    fields: TagFields = DEFAULT_FIELDS
    """What the pipeline's fields are called."""
