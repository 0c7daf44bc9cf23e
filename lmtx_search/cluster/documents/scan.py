"""Reading an index from end to end, stably sorted, at one point in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch, TransportError

from lmtx_search.cluster.client.retry import patiently

# Long enough for whoever judges or embeds a page before asking for the next one.
_KEEP_ALIVE = "1h"
_FIRST_PAGE = 20
_PAGE_CHARACTERS = 8_000_000


def scan(
    client: OpenSearch,
    index: str,
    *,
    fields: Sequence[str] | bool = True,
    query: Mapping[str, Any] | None = None,
    sort: str = "_id",
    page: int = 1000,
    after: str | None = None,
    versions: bool = False,
    script_fields: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the hits of an index in the order of ``sort``, a page of them in memory at a time.

    ``fields`` are the parts of ``_source`` to fetch. What is written meanwhile is not seen, unless
    the cluster is restarted: what comes then is as it is then. The index is refreshed first.
    ``page`` is the most hits of a page: large documents make it smaller.
    ``after`` is the sort value to go on behind; with ``versions`` the hits say which version of
    the document they are (``_seq_no``, ``_primary_term``). ``script_fields`` are computed for each
    hit.
    """
    pit = _open(client, index)
    body: dict[str, Any] = {
        "size": min(page, _FIRST_PAGE),
        "query": query or {"match_all": {}},
        "sort": [{sort: "asc"}],
        "_source": fields if isinstance(fields, bool) else list(fields),
        "track_total_hits": False,
        "seq_no_primary_term": versions,
    }
    if after is not None:
        body["search_after"] = [after]
    if script_fields is not None:
        body["script_fields"] = script_fields
    try:
        while True:
            body["pit"] = {"id": pit, "keep_alive": _KEEP_ALIVE}
            try:
                hits = patiently(client.search, body=body)["hits"]["hits"]
            except NotFoundError as error:
                # A node that starts again knows no snapshots: go on with one of this moment.
                if "search_context_missing" not in str(error.info):
                    raise
                pit = _open(client, index)
                continue
            if not hits:
                break
            yield from hits
            body["search_after"] = hits[-1]["sort"]
            mean = sum(len(str(hit)) for hit in hits) // len(hits)
            body["size"] = max(1, min(page, _PAGE_CHARACTERS // mean))
    finally:
        try:
            client.delete_pit(body={"pit_id": [pit]})
        except AuthorizationException:
            raise  # else each command would leave one, until the node takes no more
        except TransportError:
            pass  # it ends by itself


def _open(client: OpenSearch, index: str) -> str:
    patiently(client.indices.refresh, index=index)
    answer = patiently(client.create_pit, index=index, params={"keep_alive": _KEEP_ALIVE})
    return str(answer["pit_id"])
