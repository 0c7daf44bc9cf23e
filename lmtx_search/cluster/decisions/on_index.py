"""Decisions on the documents of an index, also those that were made in another index.

A reindex, a restore, a clone, a shrink or a split puts documents into an index with another name.
They keep the tags that people accepted or rejected, but the records name the index in which the
decisions were made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import Record
from lmtx_search.cluster.decisions.values import decision_on
from lmtx_search.records import document_text
from lmtx_search.tag_fields import TagFields

# Documents that are read at a time, and the most that a search returns: ids may occur repeatedly.
_BATCH = 1000
_MOST = 10_000
# Documents of another index whose texts are compared.
_SAMPLE = 10

Found = Sequence[tuple[str, Record]]
"""Decisions with the ids of their records, newest first."""


@dataclass(frozen=True, slots=True)
class DecisionsOn:
    """The decisions on the documents of an index, an alias or a data stream.

    Of decisions that were made in another index, those count whose document is here now: it has
    the same id and routing, and the tag where the decision put it. If the other index can still be
    read, the texts must be the same (:func:`is_earlier`), because ids alone say little.

    Attributes:
        texts: the fields that hold a document's text.
    """

    client: OpenSearch
    index: str
    fields: TagFields
    texts: Sequence[str]

    def latest(self, places: Iterable[Place], tag: str) -> dict[Place, tuple[str, Record]]:
        """Return the last decision on a tag, with its id, of each document that has one."""
        return {place: one for (place, _), one in self._last(places, [tag]).items()}

    def accepted_by(
        self, places: Iterable[Place], tags: Collection[str]
    ) -> dict[tuple[Place, str], str]:
        """Return who accepted tags of documents, where the last decision on one accepted it.

        It is empty if the cluster has no index for decisions, or the user may not read it.
        """
        found: dict[tuple[Place, str], str] = {}
        with suppress(NotFoundError, AuthorizationException):
            for key, (_, record) in (self._last(places, tags) if tags else {}).items():
                if record.decision == "accept":
                    found[key] = record.by
        return found

    def last_group(self, by: str) -> dict[str, Record]:
        """Return a person's last decisions that can be undone, by the ids of their records."""
        own, elsewhere = self._terms(by)
        others = self._here(records.search(self.client, elsewhere))
        newest = [*records.search(self.client, own, most=1), *others[:1]]
        if not newest:
            return {}
        _, last = max(newest, key=lambda one: datetime.fromisoformat(one[1].at))
        group = dict(records.search(self.client, [*own, {"term": {"together": last.together}}]))
        return group | {id_: one for id_, one in others if one.together == last.together}

    def count(self, by: str) -> int:
        """Return how many decisions of a person count."""
        own, elsewhere = self._terms(by)
        others = self._here(records.search(self.client, elsewhere))
        return records.count(self.client, own) + len(others)

    def _last(
        self, places: Iterable[Place], tags: Collection[str]
    ) -> dict[tuple[Place, str], tuple[str, Record]]:
        """Return the last decision on each of some tags of documents, with its id."""
        ids = sorted({place.id for place in places})
        terms = [{"terms": {"document_id": ids}}, {"terms": {"tag": sorted(tags)}}]
        found: dict[tuple[Place, str], tuple[str, Record]] = {}
        for id_, record in self._here(records.search(self.client, terms)):
            found.setdefault((record.place, record.tag), (id_, record))
        return found

    def kept_elsewhere(self, ids: Iterable[str]) -> dict[str, str]:
        """Return which decisions documents of other indices still have: record → index.

        That is where they were made: the documents here are copies of these.

        Args:
            ids: of the records.
        """
        wanted, own = list(ids), set(self._indices())
        found = records.search(self.client, [{"ids": {"values": wanted}}]) if wanted else []
        kept: dict[str, str] = {}
        for id_, record in found:
            index = record.place.index
            if index in own:
                continue
            there = dict(_read(self.client, index, [record.place.id], self.fields.people))
            source = there.get(record.place)
            if source and decision_on(source, record.tag, self.fields) == record.decision:
                kept[id_] = index
        return kept

    def _terms(self, by: str) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return what finds a person's decisions of these indices, and of all other ones."""
        mine, here = {"term": {"by": by}}, {"terms": {"index_name": self._indices()}}
        return [mine, here], [mine, {"bool": {"must_not": [here]}}]

    def _indices(self) -> list[str]:
        # An alias or a data stream stands for several indices.
        return sorted(self.client.indices.get_settings(index=self.index, name="index.uuid"))

    def _here(self, found: Found) -> list[tuple[str, Record]]:
        """Return those decisions that are on documents of the index, with their places there."""
        own = set(self._indices()) if found else set()
        others = [(id_, record) for id_, record in found if record.place.index not in own]
        moved = self._moved(others) if others else {}
        return [
            (id_, replace(record, place=moved.get(id_, record.place)))
            for id_, record in found
            if record.place.index in own or id_ in moved
        ]

    def _moved(self, others: Found) -> dict[str, Place]:
        """Return where the documents of decisions of other indices are now, by record."""
        of_document: dict[tuple[str, str | None], list[tuple[str, Record]]] = {}
        for id_, record in others:
            key = record.place.id, record.place.routing
            of_document.setdefault(key, []).append((id_, record))
        moved: dict[str, Place] = {}
        by_index: dict[str, dict[Place, Place]] = {}
        ids = sorted({id_ for id_, _ in of_document})
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            for place, source in _read(self.client, self.index, some, self.fields.people):
                for id_, record in of_document.get((place.id, place.routing), ()):
                    if decision_on(source, record.tag, self.fields) == record.decision:
                        moved[id_] = place
                        by_index.setdefault(record.place.index, {})[record.place] = place
        earlier = {index for index, some in by_index.items() if self._is_earlier(index, some)}
        return {
            id_: moved[id_]
            for id_, record in others
            if id_ in moved and record.place.index in earlier
        }

    def _is_earlier(self, index: str, places: Mapping[Place, Place]) -> bool:
        """Return whether documents of an index are here now, by their places there."""
        sample = dict(islice(places.items(), _SAMPLE))
        here = _read(self.client, self.index, {place.id for place in sample.values()})
        text_of = {place: document_text(source, self.texts) for place, source in here}
        copies = {place: text_of[now] for place, now in sample.items() if now in text_of}
        return is_earlier(self.client, index, copies, self.texts)


def kept_in(index: str) -> str:
    """Return the sentence that tells of :meth:`DecisionsOn.kept_elsewhere`."""
    return f"The decision stays in the index {index}, and training learns from it: undo it there."


def is_earlier(
    client: OpenSearch, index: str, copies: Mapping[Place, str], texts: Sequence[str]
) -> bool:
    """Return whether documents may have been in an index before.

    They may if none of them is there any more, or if half of those that are there have the same
    texts: some may have been changed since. If the user may not read the index, they may not.

    Args:
        copies: the texts that the documents have now, by the places where they may have been.
        texts: the fields that hold a document's text.
    """
    try:
        there = dict(_read(client, index, {place.id for place in copies}))
    except AuthorizationException:
        return False
    same = [
        document_text(there[place], texts) == copies[place]
        for place in copies.keys() & there.keys()
    ]
    return 2 * sum(same) >= len(same)


def _read(
    client: OpenSearch, index: str, ids: Iterable[str], fields: Sequence[str] | bool = True
) -> list[tuple[Place, Mapping[str, Any]]]:
    """Return the documents with these ids; an index that is closed or gone has none."""
    body = {"size": _MOST, "query": {"ids": {"values": sorted(ids)}}, "_source": fields}
    params = {**WHOLE, "ignore_unavailable": "true"}
    hits = client.search(index=index, body=body, params=params)["hits"]["hits"]
    return [(Place.of(hit), hit["_source"]) for hit in hits]
