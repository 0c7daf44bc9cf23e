"""Judgments for other tools: one answer for each pair, with the label's text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.judgments.judge_names import judge_names
from lmtx_search.cluster.labels import edits
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import PERSON

_BATCH = 200
# Documents that they may have, in all indices together.
_MOST_HITS = 10_000


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A document and a label with P(yes) in [0, 1], who judged the pair, and when (ISO)."""

    document_id: str
    label_id: str
    label: str
    p_yes: float
    judge: str
    prompt: str
    rank: int
    at: str


@dataclass(frozen=True, slots=True)
class Export:
    """Pairs by label and document, and how many were left out because one of the two is gone."""

    pairs: list[JudgedPair]
    without_label: int
    without_document: int


def export_judgments(
    client: OpenSearch,
    judge: str | None = None,
    index: str | None = None,
    progress: Progress = SILENT,
) -> Export:
    """Return one answer for each pair that was judged.

    Args:
        judge: ``person``, a model's name, or the beginning of a judge's digest. None: all judges;
            a person's answer then counts before a model's. If a pair has several answers, the last
            one counts.
        index: export only documents whose ids are in this index; None: all documents.

    Raises:
        UserError: the judge has no judgments, or the index does not exist.
    """
    if index is not None and not client.indices.exists(index=index):
        raise UserError(f"no index {index}: check its name")
    wanted = None if judge is None else _judges(client, judge)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with progress.stage("Read judgments", unit="judgments") as advance:
        query = None if wanted is None else {"terms": {"judge": wanted}}
        for hit in scan(client, names.JUDGMENTS, query=query):
            source = hit["_source"]
            key = (source["label_id"], source["document_id"])
            if key not in found or weight(source) > weight(found[key]):
                found[key] = source
            advance(1)
    labels = edits.find(client, names.LABELS, sorted({label for label, _ in found}))
    known = {key: source for key, source in found.items() if key[0] in labels}
    there = None if index is None else _present(client, index, {doc for _, doc in known})
    pairs = [
        JudgedPair(label=labels[label].text, **source)
        for (label, document), source in sorted(known.items())
        if there is None or document in there
    ]
    return Export(pairs, len(found) - len(known), len(known) - len(pairs))


def srw_body(pairs: Iterable[JudgedPair], name: str, description: str) -> dict[str, Any]:
    """Return the judgment list that Search Relevance Workbench imports.

    A query is a label's text, and a rating is P(yes). If several labels have the same text, the
    highest rating counts.
    """
    ratings: dict[str, dict[str, float]] = {}
    for pair in pairs:
        documents = ratings.setdefault(pair.label, {})
        documents[pair.document_id] = max(pair.p_yes, documents.get(pair.document_id, 0.0))
    lists = [
        {
            "query": label,
            "ratings": [{"docId": id_, "rating": f"{p:.3f}"} for id_, p in documents.items()],
        }
        for label, documents in ratings.items()
    ]
    return load(
        "searches/judgment_list", title=name[:50], description=description[:250], ratings=lists
    )


def weight(source: dict[str, Any]) -> tuple[bool, str]:
    """Return the order in which answers to the same pair count: people first, then by time."""
    return source["judge"] == PERSON, source["at"]


def _judges(client: OpenSearch, wanted: str) -> list[str]:
    """Return the digests of the judges with this name or digest."""
    client.indices.refresh(index=names.JUDGMENTS)
    answer = client.search(index=names.JUDGMENTS, body=load("searches/judges"))
    counts = {b["key"]: b["doc_count"] for b in answer["aggregations"]["judges"]["buckets"]}
    models = judge_names(client).models
    found = [
        digest
        for digest in counts
        if models.get(digest) == wanted or (digest != PERSON and digest.startswith(wanted))
    ]
    if not counts:
        raise UserError(f"there are no judgments yet, and so none by {wanted}")
    if not found:
        known = ", ".join(
            f"{models.get(digest) or digest[:12]} ({count:,})" for digest, count in counts.items()
        )
        raise UserError(f"no judgments by {wanted}: there are judgments by {known}")
    return found


def _present(client: OpenSearch, index: str, ids: set[str]) -> set[str]:
    found: set[str] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), _BATCH):
        # Behind an alias, several indices may hold an id.
        body = load("searches/ids", size=_MOST_HITS, ids=wanted[start : start + _BATCH])
        hits = client.search(index=index, body=body, params=WHOLE)["hits"]["hits"]
        found |= {hit["_id"] for hit in hits}
    return found
