"""Changes tag fields of documents, without their other fields and without tagging them again.

A document is only changed in the version that was looked at. If somebody else writes it in the
meantime, it is read again and looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import lacking, translate
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load

# Attempts to write a document that others keep writing.
_ATTEMPTS = 5
_MISSING, _CONFLICT = 404, 409
DELETED = "it was deleted"
"""Why a document was not written that is no longer there."""
OVERTAKEN = "others write it again and again: try again later"
"""The reason for a document that others changed during every attempt to write it."""


class Unsure(str):
    """Why it is not known whether a document was written."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it is stored, in one version."""

    source: Mapping[str, Any]
    seq_no: int
    primary_term: int


Changes = Callable[[Place, Mapping[str, Any]], Mapping[str, Any]]
"""Returns the new values of the fields of a document that change; empty: it stays as it is."""


def read_places(client: OpenSearch, index: str, places: Iterable[Place]) -> dict[Place, Stored]:
    """Return those of the documents that exist in an index, an alias or a data stream."""
    wanted = set(places)
    body = load("searches/places", ids=sorted({place.id for place in wanted}))
    hits = client.search(index=index, body=body, params=WHOLE)["hits"]["hits"]
    return {place: _stored(hit) for hit in hits if (place := Place.of(hit)) in wanted}


def change(
    client: OpenSearch, documents: Mapping[Place, Stored], changes: Changes
) -> dict[Place, str]:
    """Write what ``changes`` returns for each document; return reasons for those not written.

    A reason is :class:`Unsure` if the request failed, and the document could not be read after it.

    The changes can be found as soon as this returns. OpenSearch runs no pipeline on a partial
    update in a bulk request, so no document is tagged again.

    Raises:
        LmtxError: a request failed, and no document was written.
        TransportError: likewise.
    """
    failed: dict[Place, str] = {}
    waiting = dict(documents)
    written = 0
    for _ in range(_ATTEMPTS):
        parts = {p: part for p, one in waiting.items() if (part := changes(p, one.source))}
        if not parts:
            return failed
        try:
            refused = _write(client, waiting, parts)
        except (LmtxError, TransportError) as error:
            lost = _not_written(client, parts, error)
            sure = not any(isinstance(reason, Unsure) for reason in lost.values())
            if sure and not written and len(lost) == len(parts):
                raise
            return {**lost, **failed}
        overtaken = [place for place, reason in refused.items() if reason is None]
        written += len(parts) - len(refused)
        failed |= {place: reason for place, reason in refused.items() if reason is not None}
        try:
            waiting = _read_again(client, overtaken)
        except (LmtxError, TransportError) as error:
            if not written:
                raise
            return failed | dict.fromkeys(overtaken, str(translate(error) or error))
        failed |= {place: DELETED for place in overtaken if place not in waiting}
        if not waiting:
            return failed
    return failed | dict.fromkeys(waiting, OVERTAKEN)


def _write(
    client: OpenSearch, documents: Mapping[Place, Stored], parts: Mapping[Place, Mapping[str, Any]]
) -> dict[Place, str | None]:
    """Send the new values; return why documents were not written (None: others overtook it)."""
    lines: list[Mapping[str, Any]] = []
    for place, part in parts.items():
        lines += [{"update": _version(place, documents[place])}, {"doc": part}]
    answer = client.bulk(body=lines, params={"refresh": "true"})
    refused: dict[Place, str | None] = {}
    for place, item in zip(parts, answer["items"], strict=True):
        outcome = item["update"]
        if outcome["status"] == _CONFLICT:
            refused[place] = None
        elif outcome["status"] == _MISSING:
            refused[place] = DELETED
        elif "error" in outcome:
            reason = describe(outcome["error"])
            refused[place] = str(lacking(reason, f"writing to {place.index}") or reason)
    return refused


def _not_written(
    client: OpenSearch, parts: Mapping[Place, Mapping[str, Any]], error: Exception
) -> dict[Place, str]:
    """Return which documents a failed request left as they were: the cluster may have written."""
    reason = str(translate(error) or error)
    try:
        now = _read_again(client, list(parts))
    except (LmtxError, TransportError):
        told = f"whether it was changed is not known, because it cannot be read now ({reason})"
        return dict.fromkeys(parts, Unsure(told))
    return {
        place: reason
        for place, part in parts.items()
        if place not in now or any(now[place].source.get(f) != new for f, new in part.items())
    }


def _read_again(client: OpenSearch, places: Sequence[Place]) -> dict[Place, Stored]:
    """Return documents as they are now, even if no search finds the change yet."""
    if not places:
        return {}
    body = {"docs": [_address(place) for place in places]}
    return {Place.of(hit): _stored(hit) for hit in read_by_id(client, places[0].index, body)}


def _version(place: Place, one: Stored) -> dict[str, Any]:
    return {**_address(place), "if_seq_no": one.seq_no, "if_primary_term": one.primary_term}


def _address(place: Place) -> dict[str, Any]:
    routing = {} if place.routing is None else {"routing": place.routing}
    return {"_index": place.index, "_id": place.id, **routing}


def _stored(hit: Mapping[str, Any]) -> Stored:
    return Stored(hit["_source"], hit["_seq_no"], hit["_primary_term"])
