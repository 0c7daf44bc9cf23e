"""Documents and their tags by day, week, month or year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import reason_of
from lmtx_search.cluster.facets.filters import subset
from lmtx_search.cluster.facets.searching import search
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS

Period = Literal["day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period by its first day (ISO, UTC): its documents, and their most frequent tags."""

    start: str
    documents: int
    tags: Sequence[tuple[str, int]]


def over_time(
    client: OpenSearch,
    index: str,
    period: Period,
    field: str,
    query: str | None = None,
    tags: Sequence[str] = (),
    size: int = 3,
) -> list[Stretch]:
    """Count documents by a date field, from the first that has one to the last.

    Raises:
        UserError: the index has no such date field or no tags that can be counted, or there are
            more periods than the cluster counts.
    """
    chosen = subset(client, index, query, tags)
    if field == DEFAULT_FIELDS.of_tagging("at"):
        field = tag_fields(client).of_tagging("at")
    if field not in chosen.dates:
        known = ", ".join(sorted(chosen.dates)) or "it has none"
        raise UserError(f"{index} has no date field {field} (--time-field): {known}")
    body = load("searches/over_time", query=chosen.body(), field=field, period=period, tags=size)
    try:
        answer = search(client, index, body)
    except TransportError as error:
        if "too many buckets" in reason_of(error).lower():
            raise UserError(
                f"{field} of {index} spans too many {period}s to count: take a longer --over"
            ) from error
        raise
    return [
        Stretch(
            bucket["key_as_string"],
            bucket["doc_count"],
            [(tag["key"], tag["doc_count"]) for tag in bucket["tags"]["buckets"]],
        )
        for bucket in answer["aggregations"]["periods"]["buckets"]
    ]
