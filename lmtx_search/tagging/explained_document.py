"""Why a stored document has its tags: its text, its groups, and what people decided on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import names_in
from lmtx_search.cluster.documents.one import find_one
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields, untouched_documents
from lmtx_search.errors import UserError
from lmtx_search.records import document_text
from lmtx_search.settings import Settings
from lmtx_search.tagging.explained import Explained, Reason, beginning, explain_fully
from lmtx_search.tagging.scoring.tagger import Tagger

_SECONDS = 5.0
_NEVER = "the document is never touched (documents.untouched_query)"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What a document holds now.

    Attributes:
        source: its fields without the tag fields.
        text: of the fields that the tagger reads.
        tags: the tags that its last tagging gave it.
        tagged_by: the tagger version that gave it its tags (None: none did).
        rejected: tags that people rejected.
        manual: people's own tags.
        untouched: whether ``documents.untouched_query`` selects it.
    """

    place: Place
    source: Mapping[str, Any]
    text: str
    tags: Sequence[str]
    tagged_by: str | None
    rejected: Sequence[str]
    manual: Sequence[str]
    untouched: bool


@clear_errors()
def read_stored(
    settings: Settings,
    index: str,
    id_: str,
    *,
    within: str | None = None,
    routing: str | None = None,
) -> StoredDocument:
    """Read a document.

    Args:
        within: the index of an alias or a data stream that holds the document; None: any.
        routing: of the document; None: any.

    Raises:
        UserError: there is no such document, several have the id, or it has no text.
    """
    client = connect(settings.opensearch.within(_SECONDS), reading=True)
    hit = find_one(client, index, id_, within=within, routing=routing)
    stored, fields = hit["_source"], tag_fields(client)
    texts = reads_of(client, index) or settings.documents.text_fields
    source = fields.without(stored)
    text = document_text(source, texts)
    if not text:
        raise UserError(
            f"the document {id_} has no text in {', '.join(texts)}: set documents.text_fields"
        )
    untouched = untouched_documents(client)
    tagging = stored.get(fields.tagging)
    return StoredDocument(
        place=Place.of(hit),
        source=source,
        text=text,
        tags=names_in(stored, fields.tags),
        tagged_by=tagging.get("tagger") if isinstance(tagging, dict) else None,
        rejected=names_in(stored, fields.rejected),
        manual=names_in(stored, fields.manual),
        untouched=untouched is not None and untouched.matches(stored),
    )


def explain_stored(settings: Settings, tagger: Tagger, document: StoredDocument) -> Explained:
    """Explain the tags of a document, as the pipeline would tag it now."""
    found = explain_fully(
        settings,
        tagger,
        beginning(tagger, document.text),
        tagger.groups_of(document.source),
        frozenset(document.rejected),
        frozenset(document.manual),
    )
    if not document.untouched:
        return found
    return replace(found, reasons=[_left_alone(one) for one in found.reasons])


def _left_alone(reason: Reason) -> Reason:
    label = replace(reason.explanation, band="neither", assigned=False, because=_NEVER)
    return replace(reason, explanation=label)
