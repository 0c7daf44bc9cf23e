"""How often people rejected labels."""

from __future__ import annotations

from dataclasses import dataclass

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.index_templates import load


@dataclass(frozen=True, slots=True)
class Rejections:
    """Number of documents for which people said no to a label, and of those they judged."""

    rejected: int
    judged: int


def rejections(client: OpenSearch) -> dict[str, Rejections]:
    """Return the labels that people said no to, by id."""
    client.indices.refresh(index=names.JUDGMENTS)
    answer = client.search(index=names.JUDGMENTS, body=load("searches/people_by_label"))
    found = {
        bucket["key"]: Rejections(bucket["no"]["doc_count"], bucket["doc_count"])
        for bucket in answer["aggregations"]["labels"]["buckets"]
    }
    return {label: one for label, one in found.items() if one.rejected}
