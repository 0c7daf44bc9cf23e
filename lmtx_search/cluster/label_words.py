"""Labels by the words that somebody types."""

from __future__ import annotations

from opensearchpy import OpenSearch

from lmtx_search.cluster import names
from lmtx_search.cluster.label_documents import label_of
from lmtx_search.index_templates import load
from lmtx_search.records import Label


def labels_with(client: OpenSearch, words: str, size: int = 10) -> list[Label]:
    """Return labels whose text or synonyms have these words, the last of which may be cut off."""
    if not words.strip():
        return []
    body = load("searches/label_words", words=words.strip(), size=size)
    hits = client.search(index=names.LABELS, body=body)["hits"]["hits"]
    return [label_of(hit) for hit in hits]
