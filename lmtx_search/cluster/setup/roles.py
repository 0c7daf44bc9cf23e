"""Roles of the security plugin with the least rights: for all commands, or for writing only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lmtx_search.cluster.client import names
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.settings import Settings

Kind = Literal["operator", "writer"]


def role(kind: Kind, settings: Settings, indices: Sequence[str]) -> dict[str, Any]:
    """Return a role as ``PUT _plugins/_security/api/roles/NAME`` takes it.

    Args:
        indices: the user's indices, or patterns of them. The operator's role adds lmtx-search's own
            indices and the index of the training documents.

    Raises:
        UserError: a role for writing needs an index.
    """
    if kind == "writer":
        if not indices:
            raise UserError("a role for writing needs the names of its indices: add --index")
        return load("roles/writer", patterns=list(indices))
    patterns = dict.fromkeys([*names.PATTERNS, settings.documents.training_index, *indices])
    return load("roles/operator", patterns=list(patterns))
