"""A sample of the documents of an index that were tagged lately."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.facets.searching import search
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.records import Document, Label, document_text

# A tag's name where several labels have the same text: `Mail (mail-1)`.
_WITH_ID = re.compile(r".* \((.+)\)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A document with the tags it was given, best first, when and by which version."""

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
    """Return documents with at least one tag, drawn by chance.

    Args:
        text_fields: fields that hold their text, in order.
        after: only what was tagged after this time (ISO).
    """
    conditions: list[dict[str, Any]] = [
        {"term": {"tagging.status": "tagged"}},
        {"exists": {"field": "tags"}},
    ]
    if after:
        conditions.append({"range": {"tagging.at": {"gt": after}}})
    draw = {"seed": seed, "field": "_seq_no"}
    chance = {
        "query": {"bool": {"filter": conditions}},
        "random_score": draw,
        "boost_mode": "replace",
    }
    client.indices.refresh(index=index)
    answer = search(client, index, {"size": size, "query": {"function_score": chance}})
    found = []
    fields = tag_fields(client)
    for hit in answer["hits"]["hits"]:
        source = hit["_source"]
        tagging = source[fields.tagging]
        text = document_text(source, text_fields)
        document = Document(hit["_id"], text, source)
        found.append(Tagged(document, source[fields.tags], tagging["tagger"], tagging["at"]))
    return found


def labels_of_tags(client: OpenSearch, tags: Iterable[str]) -> dict[str, Label]:
    """Return the labels of tags by the tags' names; not those of labels that are gone."""
    wanted = list(dict.fromkeys(tags))
    found = edits.named(client, names.LABELS, wanted)
    ids = {tag: match[1] for tag in wanted if tag not in found and (match := _WITH_ID.match(tag))}
    if ids:
        there = edits.find(client, names.LABELS, list(ids.values()))
        found |= {tag: there[id_] for tag, id_ in ids.items() if id_ in there}
    return found
