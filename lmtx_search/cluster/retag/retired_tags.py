"""Restores tags of retired labels in documents that were tagged again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import BUSY, Busy, node_left, retrying
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.errors import LmtxError
from lmtx_search.tag_fields import TagFields, as_scores, scores_of

_OVERTAKEN = (404, 409)
_REFUSED = (
    "{index} does not take tags of retired labels back ({reason}). They are noted: the next "
    "`lmtx-search retag` of this index restores them"
)


class Before(TypedDict):
    """The tags and suggestions that a document had, as JSON values."""

    tags: list[str]
    suggested: list[str]
    tag_scores: dict[str, float]
    routing: str | None


def before(hit: Mapping[str, Any], fields: TagFields) -> Before:
    """Return the tags and suggestions of a hit."""
    source = hit["_source"]
    return {
        "tags": listed(source.get(fields.tags)),
        "suggested": listed(source.get(fields.suggested)),
        "tag_scores": scores_of(source.get(fields.scores)),
        "routing": hit.get("_routing"),
    }


def listed(value: Any) -> list[Any]:
    """Return the values of a field that holds one, several or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def retired_of(one: Before, names: Collection[str]) -> Before:
    """Return only the tags that are not among the names of existing labels."""
    tags = [tag for tag in one["tags"] if tag not in names]
    scores = {tag: score for tag, score in one["tag_scores"].items() if tag in tags}
    return {"tags": tags, "suggested": [], "tag_scores": scores, "routing": one["routing"]}


def read(
    client: OpenSearch,
    index: str,
    of: Mapping[str, Before],
    fields: TagFields,
    whole: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return id → current document: its tags and version, or the whole document."""
    if not of:
        return {}
    docs = [{"_id": id_, **_routing(one)} for id_, one in of.items()]
    params = {} if whole else {"_source_includes": ",".join((*fields.written, *fields.people))}
    return {
        hit["_id"]: {
            **hit["_source"],
            "if_seq_no": hit["_seq_no"],
            "if_primary_term": hit["_primary_term"],
        }
        for hit in read_by_id(client, index, {"docs": docs}, params)
    }


def retired_tags(
    earlier: Sequence[str], source: Mapping[str, Any], names: Collection[str], fields: TagFields
) -> list[str]:
    """Return which earlier tags a document keeps because they belong to retired labels.

    Args:
        source: the document as it is tagged now.
        names: names that existing labels have or had as tags.
    """
    rejected, _ = fields.people_decided(source)
    return [tag for tag in earlier if tag not in names and tag not in rejected]


def kept(
    id_: str,
    earlier: Before,
    source: dict[str, Any],
    names: Collection[str],
    fields: TagFields,
) -> list[dict[str, Any]]:
    """Return the update that restores a document's retired tags; also edits ``source``."""
    tags = retired_tags(earlier["tags"], source, names, fields)
    if not tags:
        return []
    there = source[fields.tags]
    source[fields.tags] = [*there, *(tag for tag in tags if tag not in there)]
    scores = scores_of(source.get(fields.scores))
    # A tag without a score would count as one that a person added.
    scores |= {tag: earlier["tag_scores"].get(tag, 0.0) for tag in tags if tag not in scores}
    # Probabilities and all that the tagger wrote beside the scores stay.
    written = {one["tag"]: one for one in source.get(fields.scores) or [] if "tag" in one}
    entries = [written.get(one["tag"], one) for one in as_scores(scores)]
    doc = {fields.tags: source[fields.tags], fields.scores: entries}
    only = {name: source[name] for name in ("if_seq_no", "if_primary_term")}
    return [{"update": {"_id": id_, **only, **_routing(earlier)}}, {"doc": doc}]


def put_back(
    client: OpenSearch,
    index: str,
    of: Mapping[str, Before],
    fields: TagFields,
) -> None:
    """Restore the tags of documents that a killed process may have sent.

    ``of`` holds only tags that belonged to retired labels then, so that labels may change between.
    """
    lines: list[dict[str, Any]] = []
    for id_, source in read(client, index, of, fields).items():
        if isinstance(source.get(fields.tags), list):
            lines += kept(id_, of[id_], source, (), fields)
    send_back(client, index, lines)


def send_back(client: OpenSearch, index: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Send the updates of :func:`kept`; what the cluster refuses for now is sent again.

    Documents that others wrote or deleted in the meantime are not changed.

    Raises:
        LmtxError: the cluster refused an update, or stayed too busy.
    """
    waiting = list(zip(lines[::2], lines[1::2], strict=True))

    def attempt() -> None:
        nonlocal waiting
        if not waiting:
            return
        body = [line for pair in waiting for line in pair]
        answer = client.bulk(body=body, index=index)
        later, reason = [], ""
        for pair, item in zip(waiting, answer["items"], strict=True):
            outcome = item["update"]
            if "error" not in outcome or outcome["status"] in _OVERTAKEN:
                continue
            reason = describe(outcome["error"])
            if outcome["status"] not in BUSY and not node_left(outcome["error"]):
                raise LmtxError(_REFUSED.format(index=index, reason=reason))
            later.append(pair)
        waiting = later
        if waiting:
            raise Busy(reason)

    try:
        retrying()(attempt)
    except Busy as busy:
        raise LmtxError(_REFUSED.format(index=index, reason=busy)) from busy


def _routing(one: Before) -> dict[str, str]:
    return {} if one["routing"] is None else {"routing": one["routing"]}
