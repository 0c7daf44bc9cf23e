"""Tags that occur together more often than by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.facets.counted import counted
from lmtx_search.cluster.facets.exact_counts import count_most_frequent
from lmtx_search.cluster.facets.filters import QueryString, subset
from lmtx_search.cluster.facets.in_parts import count_in_parts
from lmtx_search.cluster.facets.searching import search
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import TagFields

# How many companions each shard proposes for a tag.
_CANDIDATES = 200
# The key of the documents with the chosen tags.
_CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Companion:
    """A tag that occurs with the chosen tags.

    ``count`` of the chosen documents have it. Its share of them is ``times`` its share of all
    documents that match the query.
    """

    tag: str
    count: int
    times: float


@dataclass(frozen=True, slots=True)
class Together:
    """Tags, the number of documents that have them, and the other tags of these documents."""

    tags: Sequence[str]
    documents: int
    companions: Sequence[Companion]


def together(
    client: OpenSearch,
    index: str,
    query: str | QueryString | None = None,
    tags: Sequence[str] = (),
    size: int = 20,
    companions: int = 5,
) -> list[Together]:
    """Return the tags that occur with ``tags``, or with each of the ``size`` most frequent tags.

    Companions are ordered by the absolute and relative rise of their share (the JLH score of
    OpenSearch's significant_terms). A tag that occurs only once with another, or no more often
    than elsewhere, is not a companion. All counts are exact, even if the documents are on several
    shards: the cluster proposes the companions, and a second request counts them.

    Raises:
        UserError: the index has no field ``tags`` that can be counted.
    """
    among = subset(client, index, query).body()
    fields = counted(client, index).fields
    if tags:
        chosen = {_CHOSEN: [{"term": {"tags_all": tag}} for tag in tags]}
    else:
        frequent = count_most_frequent(client, index, among, size, fields)
        chosen = {tag: [{"term": {"tags_all": tag}}] for tag, _ in frequent}
    if not chosen:
        return []
    filters = {key: {"bool": {"filter": terms}} for key, terms in chosen.items()}
    return count_in_parts(
        lambda keys: _counted(
            client, index, among, {key: filters[key] for key in keys}, tags, companions, fields
        ),
        list(filters),
    )


def _counted(
    client: OpenSearch,
    index: str,
    among: Mapping[str, Any],
    chosen: Mapping[str, Any],
    tags: Sequence[str],
    companions: int,
    fields: TagFields,
) -> list[Together]:
    common = {"among": among, "chosen": chosen}
    body = load("searches/together", candidates=_CANDIDATES, **common)
    proposed = search(client, index, body, fields)["aggregations"]["chosen"]["buckets"]
    names = sorted({b["key"] for one in proposed.values() for b in one["companions"]["buckets"]})
    body = load("searches/together_counts", tags=names, number=max(1, len(names)), **common)
    answer = search(client, index, body, fields)
    everything = answer["hits"]["total"]["value"], _counts(answer["aggregations"]["all"])
    buckets = answer["aggregations"]["chosen"]["buckets"]
    return [_together(tags or [key], buckets[key], everything, companions) for key in chosen]


def _counts(found: Mapping[str, Any]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}


def _together(
    tags: Sequence[str],
    found: Mapping[str, Any],
    everything: tuple[int, Mapping[str, int]],
    most: int,
) -> Together:
    documents, (among, elsewhere) = found["doc_count"], everything
    ranked = []
    for tag, count in _counts(found["companions"]).items():
        times = count / max(1, documents) / (elsewhere[tag] / among)
        if tag not in tags and count > 1 and times > 1:
            score = (count / documents - elsewhere[tag] / among) * times
            ranked.append((-score, tag, Companion(tag, count, round(times, 2))))
    return Together(tags, documents, [companion for _, _, companion in sorted(ranked)[:most]])
