"""Tests a new tagging pipeline in the cluster before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.ml import connectors, local_models
from lmtx_search.cluster.ml.pipeline import pipeline_state, simulate, touching_all
from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import LmtxError
from lmtx_search.records import Label

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

# ML Commons waits ten seconds for a connection to the service. On a busy node, the first one can
# take longer; the next request finds it open.
_PASSING = "Acquire operation took longer"
_TRIES = 3


def check_pipeline(
    client: Client,
    body: dict[str, Any],
    version: str,
    field: str,
    labels: Sequence[Label],
    url: str | None,
) -> None:
    """Run a pipeline on real texts, through the cluster and the tagger, without storing them.

    Args:
        body: the pipeline.
        version: the tagger version that must tag the texts.
        field: the text field of the documents.
        labels: their first names are the texts.
        url: of the tagger service (None: the cluster runs the tagger).

    Raises:
        UserError, LmtxError: the documents were not tagged by that version.
    """
    documents = [document_with(field, label_passage(label)) for label in labels[:3]]
    for _ in range(_TRIES):
        reason = _why_untagged(client, body, version, documents)
        if reason is None or _PASSING not in reason:
            break
    if reason is not None:
        refused = connectors.refusal(url, reason) if url else local_models.refusal(reason)
        refused = refused or lacking(reason, "asking the tagger")
        raise refused or LmtxError(
            f"the new tagger did not pass its test in the cluster: {reason}; the pipeline "
            "is unchanged"
        )


def _why_untagged(
    client: Client, body: dict[str, Any], version: str, documents: list[dict[str, Any]]
) -> str | None:
    """Return why the version did not tag one of the documents; None if it tagged all."""
    fields = pipeline_state(body).names
    for source in simulate(client, touching_all(body), documents):
        tagging = source.get(fields.tagging, {})
        if tagging.get("status") != "tagged" or tagging.get("tagger") != version:
            return str(tagging.get("error", tagging))
    return None


def document_with(field: str, text: str) -> dict[str, Any]:
    """Return a document with the text in the field, which may be a dotted path."""
    node: Any = text
    for name in reversed(field.split(".")):
        node = {name: node}
    return dict(node)
