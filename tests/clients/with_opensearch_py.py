"""The helpers of opensearch-py, as the page "Writing documents" shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk, parallel_bulk, streaming_bulk

Documents = Iterable[dict[str, Any]]


def actions(name: str, action: str, documents: Documents) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield {"_op_type": action, "_index": name, "_id": document["id"], "_source": document}


def write_with_bulk(
    address: str, name: str, action: str, documents: Documents
) -> list[dict[str, Any]]:
    client = OpenSearch(address, timeout=120)
    _, refused = bulk(client, actions(name, action, documents), max_retries=8, raise_on_error=False)
    return list(refused)


def write_with_streaming_bulk(
    address: str, name: str, action: str, documents: Documents
) -> list[dict[str, Any]]:
    client = OpenSearch(address, timeout=120)
    refused = []
    for done, item in streaming_bulk(
        client, actions(name, action, documents), max_retries=8, raise_on_error=False
    ):
        if not done:
            refused.append(item)
    return refused


def write_with_parallel_bulk(
    address: str, name: str, action: str, documents: Documents
) -> list[dict[str, Any]]:
    client = OpenSearch(address, timeout=120)
    refused = []
    for done, item in parallel_bulk(
        client, actions(name, action, documents), thread_count=2, raise_on_error=False
    ):
        if not done:
            refused.append(item)
    return refused
