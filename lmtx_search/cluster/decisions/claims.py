"""Claims: who is deciding on which documents, so that two people do not do the same work.

A claim lapses when it is not renewed. It only keeps documents out of other people's queues. What
keeps decisions apart is the version of the document (:mod:`~lmtx_search.cluster.decisions.write`).
"""

from __future__ import annotations

from collections.abc import Sequence

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import text
from lmtx_search.records import content_digest

SECONDS = 300
"""Seconds after which a claim lapses."""

_CONFLICT = 409

# Claims that are read. Each person holds those of one page.
_MOST = 10_000


def claimed_by_others(client: OpenSearch, by: str) -> list[Place]:
    """Return the documents that somebody else has claimed, in any index."""
    query = {
        "bool": {
            "filter": [{"term": {"kind": "claim"}}, {"range": {"until": {"gt": "now"}}}],
            "must_not": [{"term": {"by": by}}],
        }
    }
    body = {"size": _MOST, "query": query, "_source": ["index_name", "document_id", "routing"]}
    hits = client.search(index=names.DECISIONS, body=body)["hits"]["hits"]
    claimed = (hit["_source"] for hit in hits)
    return [Place(one["index_name"], one["document_id"], one.get("routing")) for one in claimed]


def claim(client: OpenSearch, by: str, places: Sequence[Place]) -> set[Place]:
    """Claim documents for a person, or renew the person's claims; return those that are theirs.

    Of two people who claim a document at the same moment, one gets it.

    Raises:
        LmtxError: the cluster refused a claim.
    """
    if not places:
        return set()
    lines: list[dict[str, object]] = []
    for place in places:
        mine = {
            "kind": "claim",
            "by": by,
            "index_name": place.index,
            "document_id": place.id,
            **({} if place.routing is None else {"routing": place.routing}),
        }
        script = {
            "source": text("searches/claim.painless"),
            "params": {"claim": mine, "milliseconds": SECONDS * 1000},
        }
        lines.append({"update": {"_id": _id(place), "retry_on_conflict": 3}})
        lines.append({"scripted_upsert": True, "script": script, "upsert": {}})
    answer = client.bulk(body=lines, index=names.DECISIONS, params={"refresh": "true"})
    held: set[Place] = set()
    for place, item in zip(places, answer["items"], strict=True):
        outcome = item["update"]
        if "error" in outcome and outcome["status"] != _CONFLICT:
            reason = describe(outcome["error"])
            raise lacking(reason, f"writing to {names.DECISIONS}") or LmtxError(
                f"{names.DECISIONS} refused a claim: {reason}"
            )
        if outcome.get("result") in ("created", "updated"):
            held.add(place)
    return held


def _id(place: Place) -> str:
    return f"claim-{content_digest(place.index, place.id, place.routing or '')[:32]}"
