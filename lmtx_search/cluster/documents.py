"""Documents: into an index from a file, and out of one in a stable order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensearchpy import OpenSearch

from lmtx_search.cluster.scan import scan
from lmtx_search.records import Document, document_text


def read_documents(
    client: OpenSearch, index: str, text_fields: Sequence[str]
) -> Iterator[Document]:
    """Yield the documents of an index in the order of their ids, as they are at this moment.

    A page of them is in memory at a time. ``text`` is empty where a document has none of the
    fields; ``source`` leaves out what tagging added.
    """
    for hit in scan(client, index):
        source = {
            name: value
            for name, value in hit["_source"].items()
            if name not in ("tags", "tag_scores", "tagging")
        }
        yield Document(hit["_id"], document_text(source, text_fields), source)
