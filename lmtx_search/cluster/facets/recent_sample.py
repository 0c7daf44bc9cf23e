"""Draws a sample of the documents of an index that were tagged recently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.facets.untouched import untouched_clauses
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.records import Document, document_text
from lmtx_search.tag_fields import TagFields, scores_of


@dataclass(frozen=True, slots=True)
class Tagged:
    """A document with its tags, best first, and the version and time of the tagging."""

    document: Document
    tags: Sequence[str]
    tagger: str
    at: str


def sample_tagged(
    client: OpenSearch,
    index: str,
    text_fields: Sequence[str],
    size: int,
    seed: int,
    after: str | None = None,
) -> list[Tagged]:
    """Return a random sample of documents with at least one tag, with the tagger's tags.

    Args:
        text_fields: fields that hold the text, in order.
        after: only documents that were tagged after this time (ISO).
    """
    conditions: list[dict[str, Any]] = [
        {"term": {"tagging.status": "tagged"}},
        {"exists": {"field": "tags"}},
    ]
    if after:
        conditions.append({"range": {"tagging.at": {"gt": after}}})
    draw = {"seed": seed, "field": "_seq_no"}
    fields = tag_fields(client)
    wanted = fields.in_body({"bool": {"filter": conditions}})
    # The user's own query names fields as documents have them.
    wanted["bool"]["must_not"] = untouched_clauses(client)
    chance = {"query": wanted, "random_score": draw, "boost_mode": "replace"}
    client.indices.refresh(index=index)
    body = {"size": size, "query": {"function_score": chance}}
    answer = client.search(index=index, body=body, params=WHOLE)
    found = []
    for hit in answer["hits"]["hits"]:
        source = hit["_source"]
        tagging = source[fields.tagging]
        text = document_text(source, text_fields)
        document = Document(hit["_id"], text, source)
        tags = assigned_tags(source, fields)
        found.append(Tagged(document, tags, tagging["tagger"], tagging["at"]))
    return found


def assigned_tags(source: Mapping[str, Any], fields: TagFields) -> list[str]:
    """Return the tags that the tagger assigned. A tag that somebody added has no score."""
    tags = source[fields.tags]
    listed = tags if isinstance(tags, list) else [tags]
    scores = source.get(fields.scores)
    return listed if scores is None else [tag for tag in listed if tag in scores_of(scores)]
