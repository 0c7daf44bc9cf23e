"""Draws a random sample of the documents of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.records import document_text

# Documents of a page; some have megabytes.
_PAGE = 100


def sample_texts(
    client: OpenSearch, index: str, text_fields: Sequence[str], most: int, seed: int = 0
) -> Iterator[str]:
    """Yield the texts of at most ``most`` random documents; those without text are left out.

    Args:
        index: an index that may not exist; the result is then empty.
        text_fields: fields that hold the text, in order.
        most: up to 10,000, the largest window of a search.
    """
    for hit in sample_hits(client, index, most, seed):
        if (text := document_text(hit["_source"], text_fields)).strip():
            yield text


def sample_hits(
    client: OpenSearch, index: str, most: int, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield the hits of at most ``most`` random documents; as for :func:`sample_texts`."""
    if not client.indices.exists(index=index):
        return
    chance = {"random_score": {"seed": seed, "field": "_seq_no"}, "boost_mode": "replace"}
    for start in range(0, most, _PAGE):
        size = min(_PAGE, most - start)
        body = {"from": start, "size": size, "query": {"function_score": chance}}
        hits = patiently(client.search, index=index, body=body)["hits"]["hits"]
        yield from hits
        if len(hits) < size:
            return
