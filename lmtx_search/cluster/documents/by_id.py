"""Reads documents by their ids, many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.errors import LmtxError

# Ids that are searched at a time, because some documents have megabytes.
_PAGE = 100
# The largest window of a search.
_MOST = 10_000


def read_by_id(
    client: OpenSearch,
    index: str,
    body: Mapping[str, Any],
    params: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the documents that exist.

    Raises:
        NotFoundError: the index does not exist.
        LmtxError: a document cannot be read, for instance because the user lacks a right.
    """
    answer = patiently(client.mget, index=index, body=body, params=params)
    for hit in answer["docs"]:
        if "error" in hit:
            # A missing index is an error of each document, not of the request.
            client.indices.get(index=index)
            reason = describe(hit["error"])
            raise lacking(reason, f"reading {index}") or LmtxError(f"cannot read {index}: {reason}")
    return [hit for hit in answer["docs"] if hit.get("found")]


def search_by_id(client: OpenSearch, index: str, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the documents with these ids.

    Args:
        index: also an alias or a data stream with several indices, each with its own document.
    """
    for start in range(0, len(ids), _PAGE):
        wanted = list(ids[start : start + _PAGE])
        body = {"size": _MOST, "query": {"ids": {"values": wanted}}}
        yield from patiently(client.search, index=index, body=body)["hits"]["hits"]
