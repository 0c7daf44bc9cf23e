"""Reading documents whose ids are known, many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.errors import LmtxError


def read_by_id(
    client: OpenSearch,
    index: str,
    body: Mapping[str, Any],
    params: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return those of the documents that are there; what is refused is an error of its own.

    Raises:
        NotFoundError: no such index.
        LmtxError: one cannot be read, for want of a right for instance.
    """
    answer = patiently(client.mget, index=index, body=body, params=params)
    for hit in answer["docs"]:
        if "error" in hit:
            # An index that is not there is an error of each document, not of the request.
            client.indices.get(index=index)
            reason = describe(hit["error"])
            raise lacking(reason, f"reading {index}") or LmtxError(f"cannot read {index}: {reason}")
    return [hit for hit in answer["docs"] if hit.get("found")]
