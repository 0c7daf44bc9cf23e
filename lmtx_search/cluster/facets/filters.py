"""Selects documents of an index by a query and tags, for everything that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load

# OpenSearch limits the number of fields of a query string to the number of clauses.
_FIELDS = 256


@dataclass(frozen=True, slots=True)
class QueryString:
    """A query in OpenSearch's query string syntax: ``chess AND year:>2020``."""

    text: str


@dataclass(frozen=True, slots=True)
class Subset:
    """The documents that match a query (None: all) and have all of the tags.

    Attributes:
        query: words as a person types them into a search box (a simple query string, all of whose
            words must match), or a query string.
        fields: fields that are searched for words without a field name.
        dates: the index's date fields.
    """

    index: str
    query: str | QueryString | None
    tags: Sequence[str]
    fields: Sequence[str]
    dates: Sequence[str]

    def body(self) -> dict[str, Any]:
        """Return the query for the cluster."""
        return self._body(self.tags)

    def among(self) -> dict[str, Any]:
        """Return the query for the documents that match, with any tags."""
        return self._body(())

    def _body(self, tags: Sequence[str]) -> dict[str, Any]:
        must = []
        if isinstance(self.query, QueryString):
            must.append(
                load("searches/query_string", query=self.query.text, fields=list(self.fields))
            )
        elif self.query:
            must.append(load("searches/matching", query=self.query, fields=list(self.fields)))
        conditions = [{"term": {"tags": tag}} for tag in tags]
        return load("searches/selected", must=must, tags=conditions)


def subset(
    client: OpenSearch, index: str, query: str | QueryString | None = None, tags: Sequence[str] = ()
) -> Subset:
    """Return a subset of an index's documents, after a check that its tags can be counted.

    Raises:
        UserError: the index has no field ``tags`` that can be counted, or its fields cannot be
            read.
    """
    found = client.field_caps(index=index, params={"fields": "*"})
    answer = found["fields"]
    if not found["indices"]:
        # The security plugin silently leaves out what the user may not see.
        raise UserError(
            f"the fields of {index} cannot be read: check its name, or ask for the right "
            "indices:data/read/field_caps[index]"
        )
    fields = tag_fields(client)
    kinds = answer.get(fields.tags, {})
    if not kinds:
        raise UserError(
            f"the index {index} has no tags: add documents with "
            f"`lmtx-search ingest FILE --index {index}`, or attach the index first"
        )
    if set(kinds) - {"unmapped"} != {"keyword"}:
        raise UserError(
            f"the field {fields.tags} of {index} is not a keyword field: {', '.join(kinds)}"
        )
    texts = [
        name
        for name, found in answer.items()
        if "text" in found and not name.startswith(f"{fields.tagging}.")
    ]
    dates = [name for name, found in answer.items() if found.keys() & {"date", "date_nanos"}]
    return Subset(index, query, tags, texts[:_FIELDS] or ["*"], dates)
