"""Records of decisions in ``lmtx-decisions``: who decided what, when, and what was before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import Before, Decision, renamed_before
from lmtx_search.cluster.documents.bulk import Action, write_all
from lmtx_search.errors import LmtxError, UserError

# Tags whose decisions are counted: those with most decisions.
_TAGS = 5000
_MOST = 10_000
_PAIRS = 1000
_NEWEST = [{"at": "desc"}]


@dataclass(frozen=True, slots=True)
class Record:
    """A decision of a person on one label of one document.

    Attributes:
        at: when (ISO, UTC).
        label_id: None if no label has the tag's name any more.
        together: the same for all decisions of one request, which are undone together.
        before: what undoing it puts back, see :func:`~lmtx_search.cluster.decisions.values.undone`;
            ``p_yes`` is the person's earlier judgment (None: there was none).
    """

    at: str
    by: str
    place: Place
    tag: str
    label_id: str | None
    decision: Decision
    together: str
    before: Before


@dataclass(frozen=True, slots=True)
class Renamed:
    """A decision, by the id of its record, and the name that its label's tag has now."""

    id: str
    record: Record
    tag: str


def new_group() -> str:
    """Return an id for the decisions of one request."""
    return secrets.token_hex(8)


def now(client: OpenSearch) -> str:
    """Return the cluster's time (ISO, UTC): decisions made on several machines are put in order."""
    return cluster_time(client).isoformat()


def keep(client: OpenSearch, records: Sequence[Record]) -> None:
    """Write records; they can be found as soon as this returns.

    Raises:
        LmtxError: the cluster refused a record.
    """
    actions = (Action(secrets.token_hex(10), _body(record)) for record in records)
    if records:
        write_all(client, actions, names.DECISIONS)
        client.indices.refresh(index=names.DECISIONS)


def search(
    client: OpenSearch, terms: Sequence[Mapping[str, Any]], most: int = _MOST
) -> list[tuple[str, Record]]:
    """Return decisions that count, with the ids of their records, newest first.

    Args:
        terms: queries that find them.
        most: the most that are returned.
    """
    body = {"size": most, "query": _counting(terms), "sort": _NEWEST}
    hits = client.search(index=names.DECISIONS, body=body, params=WHOLE)["hits"]["hits"]
    return [(hit["_id"], _record(hit["_source"])) for hit in hits]


def labels_and_tags(client: OpenSearch) -> list[tuple[str, str]]:
    """Return the label ids and tags of all decisions that count."""
    sources = [{name: {"terms": {"field": name}}} for name in ("label_id", "tag")]
    pairs: dict[str, Any] = {"size": _PAIRS, "sources": sources}
    body = {"size": 0, "query": _counting([]), "aggs": {"pairs": {"composite": pairs}}}
    found: list[tuple[str, str]] = []
    while True:
        answer = client.search(index=names.DECISIONS, body=body, params=WHOLE)["aggregations"][
            "pairs"
        ]
        found += [(one["key"]["label_id"], one["key"]["tag"]) for one in answer["buckets"]]
        if "after_key" not in answer:
            return found
        pairs["after"] = answer["after_key"]


def on_label(client: OpenSearch, label: str, tag: str) -> dict[str, Record]:
    """Return decisions on a label under one name of its tag, by id: the newest 10,000."""
    return dict(search(client, [{"term": {"label_id": label}}, {"term": {"tag": tag}}]))


def rename(client: OpenSearch, decisions: Sequence[Renamed]) -> None:
    """Write the new names of tags into decisions.

    Raises:
        LmtxError: the cluster refused it.
    """
    lines: list[dict[str, Any]] = []
    for one in decisions:
        before = renamed_before(one.record.before, {one.record.tag: one.tag})
        lines += [{"update": {"_id": one.id}}, {"doc": {"tag": one.tag, "before": before}}]
    _update(client, lines, "did not take the new names of tags")


def mark_undone(client: OpenSearch, ids: Sequence[str]) -> None:
    """Mark decisions as undone; they stay in the index.

    Raises:
        LmtxError: the cluster refused a mark.
    """
    lines: list[dict[str, Any]] = []
    at = now(client)
    for id_ in ids:
        lines += [{"update": {"_id": id_}}, {"doc": {"undone_at": at}}]
    _update(client, lines, "did not note that decisions were undone")


def count(client: OpenSearch, terms: Sequence[Mapping[str, Any]]) -> int:
    """Return how many decisions count, of those that these queries find."""
    return int(client.count(index=names.DECISIONS, body={"query": _counting(terms)})["count"])


def count_by_tag(client: OpenSearch) -> dict[str, int]:
    """Return how many decisions on each tag count, in all indices: training learns from all."""
    body = {
        "size": 0,
        "query": _counting([]),
        "aggs": {"tags": {"terms": {"field": "tag", "size": _TAGS}}},
    }
    found = client.search(index=names.DECISIONS, body=body, params=WHOLE)["aggregations"]["tags"][
        "buckets"
    ]
    return {bucket["key"]: bucket["doc_count"] for bucket in found}


def require_index(client: OpenSearch) -> None:
    """Check that the cluster has an index for decisions.

    Raises:
        UserError: ``bootstrap-index`` of this release has not run.
    """
    if not client.indices.exists(index=names.DECISIONS):
        raise UserError(
            f"the cluster has no index {names.DECISIONS}: run `lmtx-search bootstrap-index` first"
        )


def _update(client: OpenSearch, lines: list[dict[str, Any]], what: str) -> None:
    if not lines:
        return
    answer = client.bulk(body=lines, index=names.DECISIONS, params={"refresh": "true"})
    if answer["errors"]:
        raise LmtxError(f"{names.DECISIONS} {what}: check whether it accepts writes, and try again")


def _counting(terms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    filters = [{"term": {"kind": "decision"}}, *terms]
    return {"bool": {"filter": filters, "must_not": [{"exists": {"field": "undone_at"}}]}}


def _body(record: Record) -> dict[str, Any]:
    body = asdict(record)
    place = body.pop("place")
    body |= {"index_name": place["index"], "document_id": place["id"], "routing": place["routing"]}
    return {"kind": "decision", **{key: one for key, one in body.items() if one is not None}}


def _record(source: Mapping[str, Any]) -> Record:
    return Record(
        at=source["at"],
        by=source["by"],
        place=Place(source["index_name"], source["document_id"], source.get("routing")),
        tag=source["tag"],
        label_id=source.get("label_id"),
        decision=source["decision"],
        together=source["together"],
        before=source["before"],
    )
