"""Reads a whole index in the order of ids, at one point in time.

An id is unique only within a shard: an alias, or an index with routing, may hold it several times.
No sort value distinguishes such documents in all releases of the cluster. Therefore, documents that
share the last id of a page are fetched by that id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from opensearchpy import AuthorizationException, OpenSearch, TransportError

from lmtx_search.cluster.client.retry import ATTEMPTS, WHOLE, is_passing, patiently

# Long enough for a caller that judges or embeds a page before it asks for the next one.
_KEEP_ALIVE = "1h"
_FIRST_PAGE = 20
_PAGE_CHARACTERS = 8_000_000
# No copy of a shard answers.
_UNAVAILABLE = 503
# More documents of one id than any cluster has shards; the most that a search may return.
_SAME_ID = 10_000

Hit = dict[str, Any]


def scan(
    client: OpenSearch,
    index: str,
    *,
    fields: Sequence[str] | bool = True,
    query: Mapping[str, Any] | None = None,
    page: int = 1000,
    versions: bool = False,
    script_fields: Mapping[str, Any] | None = None,
) -> Iterator[Hit]:
    """Yield the hits of an index in the order of their ids, with one page in memory at a time.

    ``index`` may be an alias, a data stream or a pattern. Documents with the same id follow each
    other, each once. ``fields`` are the parts of ``_source`` to fetch. The index is refreshed
    first, and later writes are not seen; if the cluster restarts, the rest is read in its current
    state. A page has at most ``page`` hits, and fewer if documents are large. With ``versions``,
    hits include the version of the document (``_seq_no``, ``_primary_term``). ``script_fields`` are
    computed for each hit.
    """
    reader = _Reader(client, index)
    asked: dict[str, Any] = {
        "sort": [{"_id": "asc"}],
        "_source": fields if isinstance(fields, bool) else list(fields),
        "track_total_hits": False,
        "seq_no_primary_term": versions,
    }
    if script_fields is not None:
        asked["script_fields"] = script_fields
    query = query or {"match_all": {}}
    size = min(page, _FIRST_PAGE)
    try:
        last: str | None = None
        while True:
            behind: dict[str, Any] = {} if last is None else {"search_after": [last]}
            hits = reader.search({**asked, **behind, "query": query, "size": size})
            if not hits:
                break
            yield from hits
            last = hits[-1]["_id"]
            if len(hits) == size:
                seen = {place(hit) for hit in hits if hit["_id"] == last}
                rest = _of_id(reader, asked, query, last)
                yield from (hit for hit in rest if place(hit) not in seen)
            mean = sum(len(str(hit)) for hit in hits) // len(hits)
            size = max(1, min(page, _PAGE_CHARACTERS // mean))
    finally:
        reader.close()


def place(hit: Hit) -> tuple[str, str | None]:
    """Return what distinguishes a hit from others with the same id: its index and routing."""
    return hit["_index"], hit.get("_routing")


@dataclass(slots=True)
class SharedIds:
    """Number of documents whose id other documents have too."""

    documents: int = 0


def told_apart(hits: Iterable[Hit], shared: SharedIds | None = None) -> Iterator[tuple[str, Hit]]:
    """Yield each hit with a unique id.

    A hit keeps its id if no other hit has it. To a shared id, the index is appended and, if several
    of these hits are in one index, the routing: ``7@news-1``, ``7@news-1#berlin``.

    Args:
        hits: in the order of their ids.
        shared: counts the hits that share an id.
    """
    given: set[str] = set()
    for id_, group in groupby(hits, lambda hit: str(hit["_id"])):
        same = list(group)
        if len(same) == 1 and id_ not in given:
            yield id_, same[0]
            continue
        if shared is not None:
            shared.documents += len(same)
        indices = Counter(hit["_index"] for hit in same)
        for hit in same:
            index, routing = place(hit)
            behind = f"#{routing or ''}" if indices[index] > 1 else ""
            own = f"{id_}@{index}{behind}"
            given.add(own)
            yield own, hit


def _of_id(
    reader: _Reader, asked: Mapping[str, Any], query: Mapping[str, Any], id_: str
) -> list[Hit]:
    """Return all documents with an id."""
    both = {"bool": {"filter": [query, {"ids": {"values": [id_]}}]}}
    return reader.search({**asked, "query": both, "size": _SAME_ID})


class _Reader:
    """Searches that all see the index as it was when the first one was made."""

    def __init__(self, client: OpenSearch, index: str) -> None:
        self._client = client
        self._index = index
        self._open()

    def search(self, body: Mapping[str, Any]) -> list[Hit]:
        attempts = 0
        while True:
            pit = {"id": self._pit, "keep_alive": _KEEP_ALIVE}
            try:
                answer = self._client.search(body={**body, "pit": pit}, params=WHOLE)
            except TransportError as error:
                # A node that starts again knows no snapshots, and one that left took its own along:
                # go on with a snapshot of this moment.
                if "search_context_missing" in str(error.info) or error.status_code == _UNAVAILABLE:
                    self._open()
                    attempts += 1
                    if attempts < ATTEMPTS:
                        continue
                if not is_passing(error):
                    raise
                answer = patiently(self._client.search, body={**body, "pit": pit}, params=WHOLE)
            hits: list[Hit] = answer["hits"]["hits"]
            return hits

    def _open(self) -> None:
        patiently(self._client.indices.refresh, index=self._index)
        params = {"keep_alive": _KEEP_ALIVE, "allow_partial_pit_creation": "false"}
        answer = patiently(self._client.create_pit, index=self._index, params=params)
        self._pit = str(answer["pit_id"])

    def close(self) -> None:
        try:
            self._client.delete_pit(body={"pit_id": [self._pit]})
        except AuthorizationException:
            raise  # otherwise each command would leave one, until the node refuses more
        except TransportError:
            pass  # it ends by itself
