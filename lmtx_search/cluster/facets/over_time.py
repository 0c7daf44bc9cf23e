"""Counts documents and their tags by day, week, month or year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.retry import too_many_buckets
from lmtx_search.cluster.facets.counted import counted
from lmtx_search.cluster.facets.exact_counts import candidates_of, most_frequent
from lmtx_search.cluster.facets.filters import QueryString, subset
from lmtx_search.cluster.facets.in_parts import count_in_parts
from lmtx_search.cluster.facets.searching import search
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields

# The most groups that OpenSearch counts by default (search.max_buckets).
_MOST_PERIODS = 65_535
_MILLISECONDS_OF_A_DAY = 86_400_000
# The most days of a period.
_DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}
# Periods whose tags one request counts, if the cluster does not count all at once.
_PART = 64
_NO_TAGS: Mapping[str, Any] = {"buckets": [], "doc_count_error_upper_bound": 0}

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
    fields = counted(client, index).fields
    if field == DEFAULT_FIELDS.of_tagging("at"):
        field = fields.of_tagging("at")
    if field not in chosen.dates:
        known = ", ".join(sorted(chosen.dates)) or "none"
        raise UserError(
            f"{index} has no date field {field} (--time-field); its date fields: {known}"
        )
    selected = chosen.body()
    _require_few(client, index, period, field, selected, fields)
    common = {"field": field, "period": period}
    buckets = _search(client, index, fields, "periods", query=selected, **common)
    ends = [bucket["key"] for bucket in buckets[1:]] + [None]
    periods = [_Period(bucket["key"], end) for bucket, end in zip(buckets, ends, strict=True)]
    asked = {**common, "tags": candidates_of(size)}
    proposed = _proposed(client, index, fields, selected, asked, periods)
    return [
        Stretch(
            bucket["key_as_string"],
            bucket["doc_count"],
            most_frequent(
                client,
                index,
                one.within(selected, field),
                proposed.get(one.start, _NO_TAGS),
                size,
                fields,
            ),
        )
        for bucket, one in zip(buckets, periods, strict=True)
    ]


def _require_few(
    client: OpenSearch,
    index: str,
    period: Period,
    field: str,
    query: Mapping[str, Any],
    fields: TagFields,
) -> None:
    """Refuse more periods than can be counted; the cluster would take minutes to refuse them."""
    body = {**load("searches/time_range", field=field), "query": query}
    found = search(client, index, body, fields)["aggregations"]
    first, last = found["first"]["value"], found["last"]["value"]
    days = 0 if first is None else (last - first) / _MILLISECONDS_OF_A_DAY
    if days / _DAYS[period] > _MOST_PERIODS:
        raise UserError(
            f"{field} of {index} spans too many {period}s to count: choose a longer --over"
        )


@dataclass(frozen=True, slots=True)
class _Period:
    """Its first millisecond (UTC), and that of the next period (None: there is none)."""

    start: int
    end: int | None

    def range(self, field: str) -> dict[str, Any]:
        """Return the query for all documents of this period."""
        limits = {"gte": self.start, "format": "epoch_millis"}
        limits |= {} if self.end is None else {"lt": self.end}
        return {"range": {field: limits}}

    def within(self, query: Mapping[str, Any], field: str) -> dict[str, Any]:
        """Return the query for those documents of this period that another query selects."""
        return load("searches/selected", must=[query], tags=[self.range(field)])


def _proposed(
    client: OpenSearch,
    index: str,
    fields: TagFields,
    query: Mapping[str, Any],
    common: Mapping[str, Any],
    periods: Sequence[_Period],
) -> Mapping[int, Mapping[str, Any]]:
    """Return the cluster's most frequent tags of each period, by its start."""
    try:
        buckets = _search(client, index, fields, "over_time", query=query, **common)
    except TransportError as error:
        if not too_many_buckets(error):
            raise
        return _in_parts(client, index, fields, query, common, periods)
    return {bucket["key"]: bucket["tags"] for bucket in buckets}


def _in_parts(
    client: OpenSearch,
    index: str,
    fields: TagFields,
    query: Mapping[str, Any],
    common: Mapping[str, Any],
    periods: Sequence[_Period],
) -> dict[int, Mapping[str, Any]]:
    """Return the tags of periods that are too many for one request, by their start.

    Each period is a filter: OpenSearch 3.6 fails on some histograms of a part of a field's dates.
    """

    def count(some: Sequence[_Period]) -> list[tuple[int, Mapping[str, Any]]]:
        ranges = {str(one.start): one.range(common["field"]) for one in some}
        body = load("searches/tags_of_periods", query=query, periods=ranges, tags=common["tags"])
        found = search(client, index, body, fields)["aggregations"]["periods"]["buckets"]
        return [(one.start, found[str(one.start)]["tags"]) for one in some]

    parts = (periods[start : start + _PART] for start in range(0, len(periods), _PART))
    return dict(pair for part in parts for pair in count_in_parts(count, part))


def _search(
    client: OpenSearch, index: str, fields: TagFields, body: str, **values: Any
) -> list[dict[str, Any]]:
    answer = search(client, index, load(f"searches/{body}", **values), fields)
    return list(answer["aggregations"]["periods"]["buckets"])
