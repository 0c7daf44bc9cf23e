"""Reads one document, with the number of times it was written."""

from __future__ import annotations

from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load


@clear_errors()
def read_one(client: OpenSearch, index: str, id_: str) -> dict[str, Any]:
    """Return the hit of a document, with ``_version``.

    Args:
        index: an index, an alias or a data stream.

    Raises:
        UserError: there is no such document, or several indices or routings have one.
    """
    client.indices.refresh(index=index)
    body = {**load("searches/document", id=id_), "version": True}
    hits: list[dict[str, Any]] = client.search(index=index, body=body)["hits"]["hits"]
    if not hits:
        raise UserError(f"there is no document {id_} in {index}")
    if len(hits) > 1:
        where = " and ".join(sorted({hit["_index"] for hit in hits}))
        raise UserError(f"several documents have the id {id_} ({where}): name one index")
    return hits[0]
