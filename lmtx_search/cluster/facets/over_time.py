"""Counts documents and their tags by day, week, month or year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import reason_of
from lmtx_search.cluster.facets.exact_counts import candidates_of, most_frequent
from lmtx_search.cluster.facets.filters import QueryString, subset
from lmtx_search.cluster.facets.searching import search
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS

Period = Literal["day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period, named by its first day (ISO, UTC): its documents and their most frequent tags."""

    start: str
    documents: int
    tags: Sequence[tuple[str, int]]


def over_time(
    client: OpenSearch,
    index: str,
    period: Period,
    field: str,
    query: str | QueryString | None = None,
    tags: Sequence[str] = (),
    size: int = 3,
) -> list[Stretch]:
    """Count documents by a date field, from the earliest date to the latest.

    The counts are exact, even if the documents are on several shards.

    Raises:
        UserError: the index has no such date field or no tags that can be counted, or there are
            more periods than the cluster counts.
    """
    chosen = subset(client, index, query, tags)
    if field == DEFAULT_FIELDS.of_tagging("at"):
        field = tag_fields(client).of_tagging("at")
    if field not in chosen.dates:
        known = ", ".join(sorted(chosen.dates)) or "none"
        raise UserError(
            f"{index} has no date field {field} (--time-field); its date fields: {known}"
        )
    selected = chosen.body()
    common = {"tags": candidates_of(size), "field": field, "period": period}
    body = load("searches/over_time", query=selected, **common)
    try:
        answer = search(client, index, body)
    except TransportError as error:
        if "too many buckets" in reason_of(error).lower():
            raise UserError(
                f"{field} of {index} spans too many {period}s to count: choose a longer --over"
            ) from error
        raise
    buckets = answer["aggregations"]["periods"]["buckets"]
    ends = [bucket["key"] for bucket in buckets[1:]] + [None]
    return [
        Stretch(
            bucket["key_as_string"],
            bucket["doc_count"],
            most_frequent(
                client, index, _within(selected, field, bucket["key"], end), bucket["tags"], size
            ),
        )
        for bucket, end in zip(buckets, ends, strict=True)
    ]


def _within(query: Mapping[str, Any], field: str, start: int, end: int | None) -> dict[str, Any]:
    """Return the query for the documents of one period; dates are milliseconds, UTC."""
    limits = {"gte": start, "format": "epoch_millis"} | ({} if end is None else {"lt": end})
    return load("searches/selected", must=[query], tags=[{"range": {field: limits}}])
