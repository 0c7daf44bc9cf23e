"""Tags that occur together more often than by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.facets.filters import subset
from lmtx_search.cluster.facets.searching import search
from lmtx_search.index_templates import load


@dataclass(frozen=True, slots=True)
class Companion:
    """A tag of documents that were chosen by another tag.

    ``count`` of them have it, which is ``times`` its share among all documents that match the
    query.
    """

    tag: str
    count: int
    times: float


@dataclass(frozen=True, slots=True)
class Together:
    """Tags that choose ``documents`` documents, and these documents' other tags."""

    tags: Sequence[str]
    documents: int
    companions: Sequence[Companion]


def together(
    client: OpenSearch,
    index: str,
    query: str | None = None,
    tags: Sequence[str] = (),
    size: int = 20,
    companions: int = 5,
) -> list[Together]:
    """Return what ``tags`` occur with; without any, what the ``size`` most frequent occur with.

    Companions are ordered by how much their share rises, absolutely and relatively (the JLH score
    of OpenSearch's significant_terms); a tag that occurs once with another, or not more often than
    elsewhere, is none.

    Raises:
        UserError: the index has no field ``tags`` that can be counted.
    """
    chosen = subset(client, index, query, tags)
    # What the documents were chosen by is their most significant tag.
    common = {"query": chosen.body(), "among": chosen.among()}
    if tags:
        body = load("searches/together_with", companions=companions + len(tags), **common)
        found = search(client, index, body)["aggregations"]["companions"]
        return [_together(tags, found, companions)]
    body = load("searches/together", tags=size, companions=companions + 1, **common)
    buckets = search(client, index, body)["aggregations"]["tags"]["buckets"]
    return [_together([bucket["key"]], bucket["companions"], companions) for bucket in buckets]


def _together(tags: Sequence[str], found: Mapping[str, Any], most: int) -> Together:
    documents, among = found["doc_count"], found["bg_count"]
    companions = [
        Companion(
            bucket["key"],
            bucket["doc_count"],
            round(bucket["doc_count"] / documents / (bucket["bg_count"] / among), 2),
        )
        for bucket in found["buckets"]
        if bucket["key"] not in tags
    ]
    return Together(tags, documents, companions[:most])
