"""What went wrong with the cluster, in one line with what to do about it."""

from __future__ import annotations

from lmtx_search.errors import LmtxError


def translate(error: Exception) -> LmtxError | None:
    """Return the clear form of an error of opensearch-py; None for other errors."""
    return None
