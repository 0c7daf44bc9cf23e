"""Draws a random sample of the documents of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.records import Document, content_digest, document_text, first_of_each_text

# Documents of a page; some have megabytes.
_PAGE = 100


def sample_documents(
    client: OpenSearch, index: str, text_fields: Sequence[str], most: int, seed: int = 0
) -> list[Document]:
    """Return at most ``most`` random documents, those with text, and each text once.

    They are in the random order of their texts' digests. The order of the index depends on how
    documents were loaded, and the first documents often decide: the same ones should come first.
    In this order copies are next to each other, and could be all of the first documents.

    Args:
        index: an index that may not exist; the result is then empty.
        text_fields: fields that hold the text, in order.
        most: up to 10,000, the largest window of a search.
    """
    found = (
        Document(hit["_id"], document_text(hit["_source"], text_fields))
        for hit in sample_hits(client, index, most, seed)
    )
    with_text = (document for document in found if document.text.strip())
    # By id too, so that the same one of several copies is returned each time.
    ordered = sorted(with_text, key=lambda one: (content_digest(one.text), one.id))
    return first_of_each_text(ordered)


def sample_texts(
    client: OpenSearch, index: str, text_fields: Sequence[str], most: int, seed: int = 0
) -> list[str]:
    """Return the texts of :func:`sample_documents`."""
    return [one.text for one in sample_documents(client, index, text_fields, most, seed)]


def sample_hits(
    client: OpenSearch, index: str, most: int, seed: int = 0, without: Sequence[Any] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the hits of at most ``most`` random documents; as for :func:`sample_documents`.

    Args:
        without: queries for documents that are left out.
    """
    if not client.indices.exists(index=index):
        return
    chance: dict[str, Any] = {"random_score": {"seed": seed, "field": "_seq_no"}}
    chance |= {"boost_mode": "replace", "query": {"bool": {"must_not": list(without)}}}
    for start in range(0, most, _PAGE):
        size = min(_PAGE, most - start)
        body = {"from": start, "size": size, "query": {"function_score": chance}}
        hits = patiently(client.search, index=index, body=body)["hits"]["hits"]
        yield from hits
        if len(hits) < size:
            return
