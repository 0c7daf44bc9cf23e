"""Reads one document, with the number of times it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load


@clear_errors()
def read_one(
    client: OpenSearch, index: str, id_: str, *, routing: str | None = None
) -> dict[str, Any]:
    """Return the hit of a document, with ``_version``, as it was written last.

    Args:
        index: an index, an alias or a data stream.
        routing: of the document; None: any.

    Raises:
        UserError: there is no such document, or several indices or routings have one.
    """
    client.indices.refresh(index=index)
    return find_one(client, index, id_, routing=routing)


def find_one(
    client: OpenSearch,
    index: str,
    id_: str,
    *,
    within: str | None = None,
    routing: str | None = None,
) -> dict[str, Any]:
    """Return the hit of a document, as :func:`read_one` does, as searches see it now.

    Args:
        within: the index of an alias or a data stream that holds the document; None: any.
    """
    body = load("searches/document", id=id_)
    filters = [body["query"]]
    if within is not None:
        filters.append({"term": {"_index": within}})
    if routing is not None:
        filters.append({"term": {"_routing": routing}})
    body |= {"query": {"bool": {"filter": filters}}, "version": True}
    hits: list[dict[str, Any]] = client.search(index=index, body=body)["hits"]["hits"]
    if not hits:
        behind = "" if routing is None else f" with the routing {routing}"
        raise UserError(f"there is no document {id_}{behind} in {within or index}")
    if len(hits) > 1:
        where = " and ".join(sorted(map(_where, hits)))
        raise UserError(
            f"several documents of {index} have the id {id_} ({where}): name the index, or the "
            "routing, of the one that is meant"
        )
    return hits[0]


def _where(hit: Mapping[str, Any]) -> str:
    routing = hit.get("_routing")
    return str(hit["_index"]) + (f" with the routing {routing}" if routing else "")
