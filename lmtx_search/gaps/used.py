"""Which labels the documents of an index have, from the tagger or from people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.facets.exact_counts import count_all
from lmtx_search.cluster.facets.searching import search
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_EVERY: Mapping[str, Any] = {"match_all": {}}
_HAVE = (DEFAULT_FIELDS.tags, DEFAULT_FIELDS.broader, DEFAULT_FIELDS.manual)
_SUGGESTED = (DEFAULT_FIELDS.suggested,)
# Labels that one request counts.
_BATCH = 1000


class UsedLabels:
    """The labels that documents have: assigned, above an assigned one, or given by people.

    Attributes:
        names: the tags that a document has.
        suggested: the tags that are suggested for a document.
        uncounted: names of the fields that cannot be counted, because they are no keywords.
    """

    def __init__(self, client: Client, index: str) -> None:
        self._client, self._index = client, index
        self._own = tag_fields(client)
        called = {field: self._own.renamed(field) for field in (*_HAVE, *_SUGGESTED)}
        # A field of people's own tags that the index made by itself is a text with a keyword in it.
        wanted = [part for name in called.values() for part in (name, f"{name}.keyword")]
        found = client.field_caps(index=index, params={"fields": ",".join(wanted)})["fields"]

        def is_keyword(path: str) -> bool:
            return set(found.get(path, {})) - {"unmapped"} == {"keyword"}

        counted: dict[str, str] = {}
        self.uncounted: list[str] = []
        for field, name in called.items():
            if is_keyword(name):
                counted[field] = field
            elif is_keyword(f"{name}.keyword"):
                counted[field] = f"{field}.keyword"
            elif name in found:
                self.uncounted.append(name)
        self._have = [counted[field] for field in _HAVE if field in counted]
        self._suggested = [counted[field] for field in _SUGGESTED if field in counted]
        self.names, self.suggested = (
            frozenset(
                name
                for field in fields
                for name in count_all(client, index, _EVERY, self._own, field)
            )
            for fields in (self._have, self._suggested)
        )

    def documents(self, names: Mapping[str, Collection[str]]) -> dict[str, int]:
        """Return the exact number of documents that have each label, in any field.

        Args:
            names: the names that a label has or had as a tag, by its id.

        Returns:
            Documents by label id; empty if no field can be counted.
        """
        return self._documents(names, self._have)

    def suggested_for(self, names: Mapping[str, Collection[str]]) -> dict[str, int]:
        """Return the number of documents for which each label is suggested.

        Arguments and result are those of :meth:`documents`.
        """
        return self._documents(names, self._suggested)

    def _documents(
        self, names: Mapping[str, Collection[str]], fields: Sequence[str]
    ) -> dict[str, int]:
        found: dict[str, int] = {}
        if not fields:
            return found
        ids = list(names)
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            filters = {str(at): _has_one_of(names[id_], fields) for at, id_ in enumerate(some)}
            body = load("searches/roll_up", query=_EVERY, above=filters)
            answer = search(self._client, self._index, body, self._own)
            buckets = answer["aggregations"]["above"]["buckets"]
            found |= {id_: buckets[str(at)]["doc_count"] for at, id_ in enumerate(some)}
        return found


def _has_one_of(names: Collection[str], fields: Sequence[str]) -> dict[str, Any]:
    return {"bool": {"should": [{"terms": {field: [*names]}} for field in fields]}}
