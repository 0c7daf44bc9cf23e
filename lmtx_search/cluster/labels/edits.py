"""Finds, writes and deletes single labels of the label index, without reading the others."""

from __future__ import annotations

from collections.abc import Sequence

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.client.retry import WHOLE, patiently
from lmtx_search.cluster.documents.bulk import describe, write_all
from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.cluster.labels.codec import FIELDS, Vectors, label_action, label_of
from lmtx_search.cluster.labels.versions import require_fields
from lmtx_search.errors import LmtxError
from lmtx_search.records import Label

# Labels that one request asks for.
_BATCH = 1000


def find(client: OpenSearch, index: str, ids: Sequence[str]) -> dict[str, Label]:
    """Return the labels that exist, by id."""
    params = {"_source_includes": ",".join(FIELDS)}
    found: dict[str, Label] = {}
    for start in range(0, len(ids), _BATCH):
        body = {"ids": list(ids[start : start + _BATCH])}
        hits = read_by_id(client, index, body, params)
        found.update((hit["_id"], label_of(hit)) for hit in hits)
    return found


def named(client: OpenSearch, index: str, texts: Sequence[str]) -> dict[str, Label]:
    """Return labels with one of these texts, by text; an arbitrary one if several share a text."""
    found: dict[str, Label] = {}
    for start in range(0, len(texts), _BATCH):
        query = {"terms": {"text.keyword": list(texts[start : start + _BATCH])}}
        body = {"size": 10_000, "query": query, "_source": list(FIELDS)}
        hits = client.search(index=index, body=body, params=WHOLE)["hits"]["hits"]
        found.update((label.text, label) for label in map(label_of, hits))
    return found


def put(client: OpenSearch, index: str, labels: Sequence[Label], vectors: Vectors) -> None:
    """Write labels with float32[n, dimension]; they can be found as soon as this returns."""
    require_fields(client, index)
    write_all(client, map(label_action, labels, vectors), index)
    client.indices.refresh(index=index)


def delete(client: OpenSearch, index: str, ids: Sequence[str]) -> None:
    """Delete labels; they can no longer be found when this returns.

    Raises:
        LmtxError: the cluster refused to delete a label.
    """
    for start in range(0, len(ids), _BATCH):
        lines = [{"delete": {"_id": id_}} for id_ in ids[start : start + _BATCH]]
        answer = patiently(client.bulk, body=lines, index=index, params={"refresh": "true"})
        for item in answer["items"]:
            if "error" in item["delete"]:
                reason = describe(item["delete"]["error"])
                raise lacking(reason, f"deleting from {index}") or LmtxError(
                    f"{index} did not delete a label: {reason}"
                )
