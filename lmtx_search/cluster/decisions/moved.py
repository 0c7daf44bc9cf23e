"""Finds documents with people's decisions, also where a reindex or a restore has put them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opensearchpy import OpenSearch

from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import Renamed
from lmtx_search.cluster.decisions.values import entered_names
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.tag_fields import TagFields

_MISSING_TOO = {"ignore_unavailable": "true"}

ByPlace = Mapping[Place, Sequence[Renamed]]
"""Decisions by the documents that they are on."""


def is_there(client: OpenSearch, index: str) -> bool:
    """Return whether an index of this name exists. An alias may have taken its name."""
    return index in _indices(client, index)


def where_now(
    client: OpenSearch, index: str, by_place: ByPlace, fields: TagFields
) -> Iterator[tuple[str, ByPlace, list[Renamed]]]:
    """Yield where documents with decisions in an index are now: there, in another index, or both.

    After a reindex, the earlier index may be kept beside the one that is in use. A document is the
    same if it has the same id and routing, and the tag of the decision where the decision put it.
    An alias with the name of the index is followed, and attached names are.

    Yields:
        An index, the decisions whose tags are in its documents, and those whose documents have the
        same id and routing, but not the tag: somebody may have removed it.
    """
    wanted = {(place.id, place.routing): some for place, some in by_place.items()}
    query = {"ids": {"values": sorted({id_ for id_, _ in wanted})}}
    for there in _indices(client, index, *read_pipeline(client).indices):
        found: dict[Place, Sequence[Renamed]] = {}
        without: list[Renamed] = []
        for hit in scan(client, there, query=query, fields=list(fields.people)):
            place = Place.of(hit)
            some: list[Renamed] = []
            for one in wanted.get((place.id, place.routing), ()):
                entered = entered_names(hit["_source"], one.record.decision, fields)
                here = {one.record.tag, one.tag} & set(entered)
                (some if here else without).append(one)
            if some:
                found[place] = some
        if found or without:
            yield there, found, without


def _indices(client: OpenSearch, *given: str) -> list[str]:
    """Return the indices behind names, without names that do not exist."""
    names = {"index": ",".join(given), "name": "index.uuid", "params": _MISSING_TOO}
    return sorted(client.indices.get_settings(**names))
