"""What people said about labels as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.documents.by_id import search_by_id
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.records import PERSON, Document, Judgment, Label
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.training.known_answers import training_documents
from lmtx_search.training.teacher.current_answers import pairs_left_out, people_about_current_texts

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def current_opinions(
    client: Client,
    where: DocumentSettings,
    index: str,
    text_of: Callable[[Mapping[str, Any]], str],
    labels: LabelRows,
) -> tuple[Sequence[Judgment], int]:
    """Return the judgments of people about labels that have the same text now.

    Judgments about an earlier name of a label are left out, and so are those about documents that
    are neither training documents nor in the index, or that have another text now: there, the name
    that was judged is unknown.

    Args:
        text_of: returns the text of a document of the index.

    Returns:
        The judgments, and the number of pairs of document and label whose judgments were left out.
    """
    by_id = {id_: Label(id_, text) for id_, text in zip(labels.ids, labels.texts, strict=True)}
    said = [one for one in JudgmentStore(client).of(PERSON) if one.label_id in by_id]
    ids = sorted({one.document_id for one in said})
    documents = training_documents(client, where, ids)
    documents += [
        Document(hit["_id"], text_of(hit["_source"])) for hit in search_by_id(client, index, ids)
    ]
    current = people_about_current_texts(said, documents, by_id)
    return current, pairs_left_out(said, current)
