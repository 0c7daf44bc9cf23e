"""Tags of an index with their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.errors import UserError

# A query string may not name more fields than OpenSearch takes clauses.
_FIELDS = 256


@dataclass(frozen=True, slots=True)
class TaggedDocument:
    """A document as it lies in the index; tags with their scores, best first."""

    id: str
    source: dict[str, Any]
    tags: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many documents match, and their most frequent tags with the documents of each."""

    documents: int
    tags: list[tuple[str, int]]
    other: int
    statuses: dict[str, int]
    examples: list[TaggedDocument]


def facets(
    client: OpenSearch,
    index: str,
    query: str | None = None,
    tags: Sequence[str] = (),
    size: int = 20,
    examples: int = 0,
) -> Facets:
    """Count the tags of the documents that match a simple query string and have all of ``tags``.

    ``other`` counts how often a tag beyond the first ``size`` was given, ``statuses`` the
    documents by ``tagging.status``, ``examples`` are so many of them, the best matches first.

    Raises:
        UserError: the index has no field ``tags`` that can be counted.
    """
    fields = _text_fields(client, index)
    conditions: list[dict[str, Any]] = [{"term": {"tags": tag}} for tag in tags]
    must: list[dict[str, Any]] = []
    if query:
        text = {"query": query, "default_operator": "and", "lenient": True, "fields": fields}
        must.append({"simple_query_string": text})
    body = {
        "size": examples,
        "track_total_hits": True,
        "query": {"bool": {"must": must, "filter": conditions}},
        "aggs": {
            "tags": {"terms": {"field": "tags", "size": size}},
            "statuses": {"terms": {"field": "tagging.status", "size": 20}},
        },
    }
    answer = client.search(index=index, body=body)
    found = answer["aggregations"]
    return Facets(
        documents=answer["hits"]["total"]["value"],
        tags=[(bucket["key"], bucket["doc_count"]) for bucket in found["tags"]["buckets"]],
        other=found["tags"]["sum_other_doc_count"],
        statuses={bucket["key"]: bucket["doc_count"] for bucket in found["statuses"]["buckets"]},
        examples=[_tagged(hit["_id"], hit["_source"]) for hit in answer["hits"]["hits"]],
    )


def _tagged(id_: str, source: dict[str, Any]) -> TaggedDocument:
    scores = source.get("tag_scores") or {}
    tags = source.get("tags") or []
    return TaggedDocument(id_, source, [(tag, float(scores.get(tag, 0.0))) for tag in tags])


def _text_fields(client: OpenSearch, index: str) -> list[str]:
    """Return the fields that hold text, having seen that the tags can be counted."""
    answer = client.field_caps(index=index, params={"fields": "*"})["fields"]
    kinds = answer.get("tags", {})
    if not kinds:
        raise UserError(
            f"the index {index} has no tags: documents come in with "
            f"`lmtx-search ingest FILE --index {index}`, or attach it first"
        )
    if set(kinds) - {"unmapped"} != {"keyword"}:
        raise UserError(f"the field tags of {index} is not a keyword field: {', '.join(kinds)}")
    fields = [
        name
        for name, found in answer.items()
        if "text" in found and not name.startswith("tagging.")
    ]
    return fields[:_FIELDS] or ["*"]
