"""Records of decisions in ``lmtx-decisions``: who decided what, when, and what was before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import Before, Decision
from lmtx_search.cluster.documents.bulk import Action, write_all
from lmtx_search.errors import LmtxError, UserError

# Tags whose decisions are counted: those with most decisions.
_TAGS = 5000
_MOST = 10_000
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


def new_group() -> str:
    """Return an id for the decisions of one request."""
    return secrets.token_hex(8)


def now() -> str:
    """Return the time (ISO, UTC)."""
    return datetime.now(timezone.utc).isoformat()


def keep(client: OpenSearch, records: Sequence[Record]) -> None:
    """Write records; they can be found as soon as this returns.

    Raises:
        LmtxError: the cluster refused a record.
    """
    actions = (Action(secrets.token_hex(10), _body(record)) for record in records)
    if records:
        write_all(client, actions, names.DECISIONS)
        client.indices.refresh(index=names.DECISIONS)


def latest_of(client: OpenSearch, places: Sequence[Place], tag: str) -> dict[Place, Record]:
    """Return the last decision on a tag for each of the documents that has one."""
    ids = sorted({place.id for place in places})
    found: dict[Place, Record] = {}
    for _, record in _search(client, [{"terms": {"document_id": ids}}, {"term": {"tag": tag}}]):
        found.setdefault(record.place, record)
    return found


def last_group(client: OpenSearch, index: str, by: str) -> dict[str, Record]:
    """Return a person's last decisions that can be undone, by the ids of their records.

    Args:
        index: the index, alias or data stream whose decisions are looked at.
    """
    mine = _by(client, index, by)
    last = _search(client, mine, most=1)
    if not last:
        return {}
    together = last[0][1].together
    return dict(_search(client, [*mine, {"term": {"together": together}}]))


def mark_undone(client: OpenSearch, ids: Sequence[str]) -> None:
    """Mark decisions as undone; they stay in the index.

    Raises:
        LmtxError: the cluster refused a mark.
    """
    lines: list[dict[str, Any]] = []
    for id_ in ids:
        lines += [{"update": {"_id": id_}}, {"doc": {"undone_at": now()}}]
    if lines:
        answer = client.bulk(body=lines, index=names.DECISIONS, params={"refresh": "true"})
        if answer["errors"]:
            raise LmtxError(
                f"{names.DECISIONS} did not note that decisions were undone: check whether it "
                "accepts writes, and undo them again"
            )


def count_by(client: OpenSearch, index: str, by: str) -> int:
    """Return how many decisions of a person on documents of an index count."""
    body = {"query": _counting(_by(client, index, by))}
    return int(client.count(index=names.DECISIONS, body=body)["count"])


def count_by_tag(client: OpenSearch) -> dict[str, int]:
    """Return how many decisions on each tag count, in all indices: training learns from all."""
    body = {
        "size": 0,
        "query": _counting([]),
        "aggs": {"tags": {"terms": {"field": "tag", "size": _TAGS}}},
    }
    found = client.search(index=names.DECISIONS, body=body)["aggregations"]["tags"]["buckets"]
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


def _by(client: OpenSearch, index: str, by: str) -> list[Mapping[str, Any]]:
    # An alias or a data stream stands for several indices.
    indices = sorted(client.indices.get_settings(index=index, name="index.uuid"))
    return [{"term": {"by": by}}, {"terms": {"index_name": indices}}]


def _counting(terms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    filters = [{"term": {"kind": "decision"}}, *terms]
    return {"bool": {"filter": filters, "must_not": [{"exists": {"field": "undone_at"}}]}}


def _search(
    client: OpenSearch, terms: Sequence[Mapping[str, Any]], most: int = _MOST
) -> list[tuple[str, Record]]:
    body = {"size": most, "query": _counting(terms), "sort": _NEWEST}
    hits = client.search(index=names.DECISIONS, body=body)["hits"]["hits"]
    return [(hit["_id"], _record(hit["_source"])) for hit in hits]


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
