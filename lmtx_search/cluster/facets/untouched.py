"""Documents that are never touched, in searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.ml.pipeline import untouched_documents


def untouched_clauses(client: OpenSearch) -> list[Any]:
    """Return the query for the documents that are never touched, if there are any."""
    untouched = untouched_documents(client)
    return [] if untouched is None else [untouched.query]


def count_untouched(client: OpenSearch, index: str, clauses: Sequence[Any] | None = None) -> int:
    """Return how many documents of an index are never touched, and therefore in no sample.

    Args:
        clauses: the :func:`untouched_clauses`, if they are known.
    """
    known = untouched_clauses(client) if clauses is None else clauses
    if not known:
        return 0
    query = {"bool": {"filter": list(known)}}
    return int(client.count(index=index, body={"query": query})["count"])
