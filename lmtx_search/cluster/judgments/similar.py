"""Judged documents that share words with a text, label by label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.cluster.judgments.export import weight
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load
from lmtx_search.records import (
    PERSON,
    Document,
    Label,
    document_text,
    person_judgment_ids,
)

# The newest judgments of a label among which similar documents are looked for.
_JUDGMENTS = 1000
# Documents with a yes, and as many with a no, that are found for a label.
_EACH = 3
# Characters of the text whose words are searched for.
_CHARACTERS = 4000
_YES = 0.5


@dataclass(frozen=True, slots=True)
class JudgedDocument:
    """A document, the judge's digest ("person": a person), its prompt's, P(yes), and when (ISO)."""

    document: Document
    judge: str
    prompt: str
    p_yes: float
    at: str


def similar_judged(
    client: OpenSearch,
    index: str,
    text_fields: Sequence[str],
    text: str,
    labels: Mapping[str, Label],
) -> dict[str, list[JudgedDocument]]:
    """Return for each label judged documents that share words with a text.

    A person's answer counts before a judge's, and a later one before an earlier one. A person's
    answer about a text or a label that has changed since is left out, and so is a document that is
    no longer in the index.

    Args:
        index: the training documents.
        text_fields: fields that hold a document's text, in order.
        labels: labels by id.
    """
    answers = _answers(client, list(labels))
    asked: list[str] = []
    searches: list[dict[str, Any]] = []
    for label, of_documents in answers.items():
        for yes in (True, False):
            ids = [id_ for id_, hit in of_documents.items() if _is_yes(hit) == yes]
            if ids:
                asked.append(label)
                searches.append(
                    load(
                        "searches/similar_among",
                        size=_EACH,
                        ids=ids,
                        fields=list(text_fields),
                        text=text[:_CHARACTERS],
                    )
                )
    found: dict[str, list[JudgedDocument]] = {label: [] for label in labels}
    for label, hits in zip(asked, _hits(client, index, searches), strict=True):
        for hit in hits:
            document = Document(hit["_id"], document_text(hit["_source"], text_fields))
            judgment = answers[label][document.id]
            source = judgment["_source"]
            expected = person_judgment_ids(document, labels[label])
            if source["judge"] == PERSON and judgment["_id"] not in expected:
                continue
            found[label].append(
                JudgedDocument(
                    document, source["judge"], source["prompt"], source["p_yes"], source["at"]
                )
            )
    return found


def _answers(client: OpenSearch, labels: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by label and document the judgment that counts."""
    searches = [
        load("searches/judgments_of_label", size=_JUDGMENTS, label=label) for label in labels
    ]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for label, hits in zip(labels, _hits(client, names.JUDGMENTS, searches), strict=True):
        best = found.setdefault(label, {})
        for hit in hits:
            id_ = hit["_source"]["document_id"]
            if id_ not in best or weight(hit["_source"]) > weight(best[id_]["_source"]):
                best[id_] = hit
    return found


def _is_yes(hit: dict[str, Any]) -> bool:
    return float(hit["_source"]["p_yes"]) >= _YES


def _hits(
    client: OpenSearch, index: str, searches: Sequence[Mapping[str, Any]]
) -> Iterator[list[dict[str, Any]]]:
    if not searches:
        return
    body = [line for one in searches for line in ({"index": index}, one)]
    for answer in client.msearch(body=body)["responses"]:
        if "error" in answer:
            if answer.get("status") == 404:
                yield []
                continue
            raise LmtxError(f"searching {index}: {describe(answer['error'])}")
        yield answer["hits"]["hits"]
