"""Which field counts as the tags of an index: the tagger's and people's together, once each.

The mapping copies both into ``fields.all`` as a document is written. Documents that were written
before the mapping did so lack it. As long as there are some, the tagger's own tags are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.facets.untouched import untouched_clauses
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.index_templates import load
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields

# Types of a field of manual tags that the mapping copies.
_COPIED = {"keyword", "text", "match_only_text", "wildcard"}


@dataclass(frozen=True, slots=True)
class Counted:
    """How the tags of an index are counted.

    Attributes:
        fields: names of the tag fields; ``fields.all`` is what is counted, which is ``fields.tags``
            unless all documents have the field of both.
        whole: whether they have.
        untouched: documents that are never touched and lack the field, so that ``retag`` cannot
            add it. None of their tags counts if ``whole``.
        manual: types of the field of manual tags that cannot be copied.
    """

    fields: TagFields
    whole: bool
    untouched: int
    manual: frozenset[str]


def counted(client: OpenSearch, index: str) -> Counted:
    """Return how the tags of an index (an alias, a pattern, several with commas) are counted."""
    fields = tag_fields(client)
    asked = {"fields": f"{fields.manual},{fields.all}"}
    found = client.field_caps(index=index, params=asked)["fields"]
    manual = frozenset(found.get(fields.manual, {})) - {"unmapped"} - _COPIED
    if set(found.get(fields.all, {})) - {"unmapped"} != {"keyword"}:
        return Counted(replace(fields, all=fields.tags), False, 0, manual)
    holding = [DEFAULT_FIELDS.tags, *([] if manual else [DEFAULT_FIELDS.manual])]
    some = [{"exists": {"field": name}} for name in holding]
    body = fields.in_body(load("searches/uncounted", holding=some))
    lacking = _count(client, index, body)
    never = untouched_clauses(client) if lacking else []
    untouched = 0
    if never:
        both = {"bool": {"filter": [body["query"], *never]}}
        untouched = _count(client, index, {**body, "query": both})
    whole = lacking == untouched
    return Counted(fields if whole else replace(fields, all=fields.tags), whole, untouched, manual)


def uncounted_tags(client: OpenSearch, index: str) -> Iterator[str]:
    """Yield which tags of an index are not counted, and what to do about it."""
    found, fields = counted(client, index), tag_fields(client)
    given = {"size": 0, "track_total_hits": True, "query": {"exists": {"field": fields.manual}}}
    if not found.whole and (count := _count(client, index, given)):
        yield (
            f"Tags that people gave ({fields.manual}) are not counted in {_documents(count)} of "
            f"{index}, because some documents lack the field {fields.all}: "
            f"`lmtx-search bootstrap-index` adds it, and "
            f"`lmtx-search retag --index {index} --everything` fills it"
        )
    elif found.manual and (count := _count(client, index, given)):
        yield (
            f"Tags that people gave ({fields.manual}) are not counted in {_documents(count)} of "
            f"{index}, because the field is {', '.join(sorted(found.manual))} and not keyword: set "
            "documents.manual_field to another name"
        )
    if found.whole and found.untouched:
        yield (
            f"{_documents(found.untouched)} of {index} that are never touched "
            f"(documents.untouched_query) count without tags, because they lack the field "
            f"{fields.all}: write them again as they are"
        )


def _count(client: OpenSearch, index: str, body: dict[str, Any]) -> int:
    return int(client.search(index=index, body=body, params=WHOLE)["hits"]["total"]["value"])


def _documents(count: int) -> str:
    return f"{count:,} {'document' if count == 1 else 'documents'}"
