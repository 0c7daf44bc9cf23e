"""Selects documents of an index by a query and tags, for everything that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load

MOST_FIELDS = 256
"""The most fields that are searched for words without a field name. OpenSearch limits the number of
words times fields in a query."""


@dataclass(frozen=True, slots=True)
class QueryString:
    """A query in OpenSearch's query string syntax: ``chess AND year:>2020``."""

    text: str


@dataclass(frozen=True, slots=True)
class Subset:
    """The documents that match a query (None: all) and have all of the tags.

    Queries name the tags by :attr:`~lmtx_search.tag_fields.TagFields.all`.

    Attributes:
        query: words as a person types them into a search box (a simple query string, all of whose
            words must match), or a query string.
        fields: fields that are searched for words without a field name.
        dates: the index's date fields.
        left_out: number of text fields that are not searched for such words.
    """

    index: str
    query: str | QueryString | None
    tags: Sequence[str]
    fields: Sequence[str]
    dates: Sequence[str]
    left_out: int = 0

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
        conditions = [{"term": {"tags_all": tag}} for tag in tags]
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
    if len(texts) > MOST_FIELDS:
        # Those that the tagger reads come first.
        own = [name for name in reads_of(client, index) or () if name in answer]
        texts = list(dict.fromkeys((*own, *sorted(texts))))
    dates = [name for name, found in answer.items() if found.keys() & {"date", "date_nanos"}]
    left_out = max(0, len(texts) - MOST_FIELDS)
    return Subset(index, query, tags, texts[:MOST_FIELDS] or ["*"], dates, left_out)


def unsearched_fields(client: OpenSearch, index: str) -> list[str]:
    """Return a note if an index has more text fields than are searched, else nothing."""
    left_out = subset(client, index).left_out
    if not left_out:
        return []
    return [
        f"Words without a field name are searched in {MOST_FIELDS} text fields of {index}, and not "
        f"in {left_out:,} others: name a field (FIELD:WORD) to search it"
    ]
