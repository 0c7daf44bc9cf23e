"""Tags of an index with their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.facets.counted import counted
from lmtx_search.cluster.facets.exact_counts import candidates_of, most_frequent
from lmtx_search.cluster.facets.filters import QueryString, subset
from lmtx_search.cluster.facets.roll_up import rolled_up, with_narrower
from lmtx_search.cluster.facets.searching import search
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import TagFields, scores_of


@dataclass(frozen=True, slots=True)
class TaggedDocument:
    """A document as it is stored; its tags with their scores, best first.

    ``manual`` are the tags that people gave it, of which the tagger may have assigned some too.
    ``index`` is its own index, also behind an alias.
    """

    id: str
    source: dict[str, Any]
    tags: list[tuple[str, float]]
    manual: Sequence[str]
    index: str
    routing: str | None


@dataclass(frozen=True, slots=True)
class Facets:
    """The number of matching documents, and their most frequent tags with their counts."""

    documents: int
    tags: list[tuple[str, int]]
    other: int
    statuses: dict[str, int]
    examples: list[TaggedDocument]


@clear_errors()
def facets(
    client: OpenSearch,
    index: str,
    query: str | QueryString | None = None,
    tags: Sequence[str] = (),
    size: int = 20,
    examples: int = 0,
    start: int = 0,
    roll_up: bool = False,
    suggested: bool = False,
) -> Facets:
    """Count the tags of the documents that match a query and have all of ``tags``.

    A tag that the tagger and a person gave to a document counts once. Without the field of both in
    some documents (:mod:`~lmtx_search.cluster.facets.counted`), only the tagger's tags count. The
    counts are exact, even if the documents are on several shards.

    ``other`` is the total of the counts of all tags after the first ``size``. ``statuses`` counts
    the documents by ``tagging.status``. ``examples`` is the number of documents to return, best
    matches first, after skipping ``start`` of them. With ``roll_up``, a tag includes all narrower
    tags. With ``suggested``, suggestions are counted, and ``tags`` are suggestions too.

    Raises:
        UserError: the index has no field ``tags`` that can be counted or, with ``roll_up``, no
            label has a broader one.
    """
    chosen = subset(client, index, query, () if roll_up else tags).body()
    fields = counted(client, index).fields
    if suggested:
        fields = replace(fields, all=fields.suggested)
    if roll_up:
        wanted = [{"terms": {"tags_all": with_narrower(client, tag)}} for tag in tags]
        chosen = load("searches/selected", must=[chosen], tags=wanted)
    body = load(
        "searches/facets", query=chosen, tags=candidates_of(size), size=examples, start=start
    )
    answer = search(client, index, body, fields)
    found = answer["aggregations"]
    if roll_up:
        counts = rolled_up(client, index, chosen, fields)
        counts, other = counts[:size], sum(count for _, count in counts[size:])
    else:
        counts = most_frequent(client, index, chosen, found["tags"], size, fields)
        other = found["given"]["value"] - sum(count for _, count in counts)
    return Facets(
        documents=answer["hits"]["total"]["value"],
        tags=counts,
        other=other,
        statuses={bucket["key"]: bucket["doc_count"] for bucket in found["statuses"]["buckets"]},
        examples=[_tagged(hit, fields) for hit in answer["hits"]["hits"]],
    )


def _tagged(hit: Mapping[str, Any], fields: TagFields) -> TaggedDocument:
    source = hit["_source"]
    scores = scores_of(source.get(fields.scores))
    tags = source.get(fields.tags) or []
    tags = tags if isinstance(tags, list) else [str(tags)]
    scored = [(tag, float(scores.get(tag, 0.0))) for tag in tags]
    given = fields.given(source)
    return TaggedDocument(hit["_id"], source, scored, given, hit["_index"], hit.get("_routing"))
