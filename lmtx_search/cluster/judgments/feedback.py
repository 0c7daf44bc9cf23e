"""People's judgments of single documents: finding, storing and removing them.

Unlike :class:`~lmtx_search.cluster.judgments.store.JudgmentStore`, these functions do not retry,
because a person is waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.judgments.store import judgment_body, judgment_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.records import Document, Judgment, document_text
from lmtx_search.settings import DocumentSettings

_SEEN_AT_ONCE = {"refresh": "true"}


def find_opinions(client: OpenSearch, judge: str, documents: Sequence[str]) -> list[Judgment]:
    """Return a judge's judgments of the documents with these ids."""
    if not documents:
        return []
    body = load("searches/opinions", judge=judge, documents=list(documents))
    hits = client.search(index=names.JUDGMENTS, body=body)["hits"]["hits"]
    return [judgment_of(hit["_id"], hit["_source"]) for hit in hits]


def keep_opinion(client: OpenSearch, judgment: Judgment) -> None:
    """Write a judgment; it can be found as soon as this returns."""
    body = judgment_body(judgment)
    client.index(index=names.JUDGMENTS, id=judgment.id, body=body, params=_SEEN_AT_ONCE)


def remove_opinion(client: OpenSearch, id_: str) -> None:
    """Delete a judgment if it exists; it can no longer be found when this returns."""
    with suppress(NotFoundError):
        client.delete(index=names.JUDGMENTS, id=id_, params=_SEEN_AT_ONCE)


def find_document(
    client: OpenSearch, index: str, id_: str, text_fields: Sequence[str]
) -> tuple[Document, list[str]]:
    """Return a document as training reads it, and its tags.

    Raises:
        UserError: the document does not exist, or none of its text fields has text.
    """
    # A search, because the name may be an alias of several indices.
    hits = client.search(index=index, body=load("searches/document", id=id_))["hits"]["hits"]
    if not hits:
        raise UserError(f"no document {id_} in {index}: it was deleted in the meantime")
    whole: dict[str, Any] = hits[0]["_source"]
    fields = tag_fields(client)
    source = fields.without(whole)
    text = document_text(source, text_fields)
    if not text:
        raise UserError(
            f"the document {id_} has no text in {', '.join(text_fields)}: set documents.text_fields"
        )
    return Document(id_, text, source), list(whole.get(fields.tags) or [])


def find_tagger(client: OpenSearch, index: str, id_: str) -> str | None:
    """Return the tagger version that tagged a document (None: no tagger did)."""
    body = load("searches/document", id=id_)
    hits = client.search(index=index, body=body)["hits"]["hits"]
    tagging = hits[0]["_source"].get(tag_fields(client).tagging) if hits else None
    return tagging.get("tagger") if isinstance(tagging, dict) else None


def train_on(client: OpenSearch, where: DocumentSettings, document: Document) -> bool:
    """Add a document to the training documents, unless one with its id exists.

    Returns:
        Whether training reads this text. False if the existing training document has another text.
    """
    index = where.training_index
    prepare_training_index(client, index, where.id_field)
    there = client.get(index=index, id=document.id, params={"ignore": 404})
    if there.get("found"):
        return document_text(there["_source"], where.text_fields) == document.text
    client.index(index=index, id=document.id, body=dict(document.source), params=_SEEN_AT_ONCE)
    return True
