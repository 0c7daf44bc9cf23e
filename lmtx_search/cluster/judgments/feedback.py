"""People's judgments of single documents: finding, storing and removing them.

Unlike :class:`~lmtx_search.cluster.judgments.store.JudgmentStore`, these functions do not retry,
because a person is waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.cluster.judgments.store import judgment_body, judgment_of
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load
from lmtx_search.records import Document, Judgment, document_text
from lmtx_search.settings import DocumentSettings

# The status of a document whose values do not fit the mapping.
_UNFIT = 400
_SEEN_AT_ONCE = {"refresh": "true"}


def find_opinions(client: OpenSearch, judge: str, documents: Sequence[str]) -> list[Judgment]:
    """Return a judge's judgments of the documents with these ids."""
    if not documents:
        return []
    body = load("searches/opinions", judge=judge, documents=list(documents))
    hits = client.search(index=names.JUDGMENTS, body=body)["hits"]["hits"]
    return [judgment_of(hit["_id"], hit["_source"]) for hit in hits]


def keep_opinions(client: OpenSearch, judgments: Sequence[Judgment]) -> None:
    """Write judgments; they can be found as soon as this returns.

    Raises:
        LmtxError: the cluster refused a judgment.
    """
    at = cluster_time(client).isoformat()
    _send(
        client,
        names.JUDGMENTS,
        [
            part
            for judgment in judgments
            for part in ({"index": {"_id": judgment.id}}, judgment_body(judgment, at))
        ],
    )


def remove_opinions(client: OpenSearch, ids: Sequence[str]) -> None:
    """Delete judgments if they exist; they can no longer be found when this returns."""
    _send(client, names.JUDGMENTS, [{"delete": {"_id": id_}} for id_ in ids])


def train_on(
    client: OpenSearch, where: DocumentSettings, documents: Sequence[Document]
) -> set[str]:
    """Add documents to the training documents, unless one with the same id exists.

    Returns:
        The ids of those whose text training reads. It does not read the text of a document whose
        id a training document with another text has, or that does not fit the index's fields.

    Raises:
        LmtxError: the index refused a document for another reason.
        UserError: the user may not write to the index.
    """
    if not documents:
        return set()
    index = where.training_index
    prepare_training_index(client, index, where.id_field)
    by_id = {document.id: document for document in documents}
    there = {
        hit["_id"]: document_text(hit["_source"], where.text_fields)
        for hit in read_by_id(client, index, {"ids": list(by_id)})
    }
    new = [document for id_, document in by_id.items() if id_ not in there]
    lines = [part for one in new for part in ({"index": {"_id": one.id}}, dict(one.source))]
    refused = _refused(client, index, lines)
    return {
        id_
        for id_, document in by_id.items()
        if there.get(id_, document.text) == document.text and id_ not in refused
    }


def _send(client: OpenSearch, index: str, lines: Sequence[Mapping[str, Any]]) -> None:
    if refused := _refused(client, index, lines):
        id_, reason = next(iter(refused.items()))
        raise LmtxError(f"{index} refused {id_}: {reason}")


def _refused(client: OpenSearch, index: str, lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Send lines; return the reasons why documents do not fit the index's fields, by id.

    Raises:
        LmtxError: the index refused a document for another reason.
        UserError: the user may not write to the index.
    """
    if not lines:
        return {}
    refused: dict[str, str] = {}
    for item in client.bulk(body=lines, index=index, params=_SEEN_AT_ONCE)["items"]:
        ((_, outcome),) = item.items()
        if "error" not in outcome:
            continue
        reason = refused[outcome["_id"]] = describe(outcome["error"])
        if outcome["status"] != _UNFIT:
            raise lacking(reason, f"writing to {index}") or LmtxError(
                f"{index} refused {outcome['_id']}: {reason}"
            )
    return refused
