"""Exact counts of the most frequent tags, for documents on any number of shards.

A terms aggregation asks each shard for its own most frequent terms and adds up the counts. A tag
that is frequent on one shard and less frequent on another is counted too low, or left out. The
cluster reports how large that error can be. :func:`most_frequent` therefore takes more candidates
than it returns and counts these a second time, because an aggregation with named terms is exact. It
then compares the result with the largest count that any other tag can have. If the order is still
uncertain, it counts all tags, page by page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.facets.searching import search
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields

Counts = list[tuple[str, int]]

# Tags that are counted, or named, in one request.
_PAGE = 10_000


def candidates_of(size: int) -> int:
    """Return the number of candidates to request, per shard and in total, for ``size`` tags."""
    return min(max(1000, 4 * size), _PAGE)


def most_frequent(
    client: OpenSearch,
    index: str,
    query: Mapping[str, Any],
    found: Mapping[str, Any],
    size: int,
    fields: TagFields,
) -> Counts:
    """Return the ``size`` most frequent tags with their exact counts, most frequent first.

    Tags with equal counts are in alphabetical order.

    Args:
        query: the documents that are counted.
        found: the cluster's answer to a terms aggregation on these documents, with at least
            ``size`` candidates and ``show_term_doc_count_error``.
        fields: names of the tag fields; ``all`` is counted.
    """
    buckets = found["buckets"]
    if not found["doc_count_error_upper_bound"]:
        return ordered((bucket["key"], bucket["doc_count"]) for bucket in buckets)[:size]
    counts = ordered(
        count_named(client, index, query, [bucket["key"] for bucket in buckets], fields).items()
    )
    # The largest possible count of a tag that is not a candidate: the coordinating node dropped it
    # after the last candidate, and some shards did not report it.
    unnamed = buckets[-1]["doc_count"] + found["doc_count_error_upper_bound"]
    if len(counts) < size or counts[size - 1][1] <= unnamed:
        counts = ordered(count_all(client, index, query, fields).items())
    return counts[:size]


def count_most_frequent(
    client: OpenSearch, index: str, query: Mapping[str, Any], size: int, fields: TagFields
) -> Counts:
    """Return the ``size`` most frequent tags of documents with their exact counts."""
    body = load("searches/frequent_tags", query=query, tags=candidates_of(size))
    found = search(client, index, body, fields)["aggregations"]["tags"]
    return most_frequent(client, index, query, found, size, fields)


def count_named(
    client: OpenSearch,
    index: str,
    query: Mapping[str, Any],
    tags: Iterable[str],
    fields: TagFields,
) -> dict[str, int]:
    """Return the exact counts of these tags, except those that no document has."""
    wanted = list(dict.fromkeys(tags))
    counts: dict[str, int] = {}
    for start in range(0, len(wanted), _PAGE):
        some = wanted[start : start + _PAGE]
        body = load("searches/named_tags", query=query, tags=some, number=len(some))
        buckets = search(client, index, body, fields)["aggregations"]["tags"]["buckets"]
        counts.update((bucket["key"], bucket["doc_count"]) for bucket in buckets)
    return counts


def count_all(
    client: OpenSearch,
    index: str,
    query: Mapping[str, Any],
    fields: TagFields,
    field: str = DEFAULT_FIELDS.all,
) -> dict[str, int]:
    """Return the exact counts of all tags of documents, with one request per 10,000 tags.

    Args:
        field: the default name of the field that is counted, a keyword.
    """
    counts: dict[str, int] = {}
    body = load("searches/all_tags", query=query, page=_PAGE, field=field)
    while True:
        found = search(client, index, body, fields)["aggregations"]["tags"]
        counts.update((bucket["key"]["tag"], bucket["doc_count"]) for bucket in found["buckets"])
        if len(found["buckets"]) < _PAGE:
            return counts
        body["aggs"]["tags"]["composite"]["after"] = found["after_key"]


def ordered(counts: Iterable[tuple[str, int]]) -> Counts:
    """Return counts with the most frequent tag first; tags with equal counts are sorted by name."""
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))
