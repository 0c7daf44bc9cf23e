"""The queue's order: documents by what a decision on them is worth.

Two searches answer it. The first one counts labels (:func:`label_weights`). The second one orders
documents by the weight of their heaviest label, which doc values answer, and reads the
probabilities of the first ones of each shard, which are only in the stored documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.decisions.worth import (
    FIRST_LABELS,
    OF_A_LATER_LABEL,
    SURE,
    UNKNOWN,
    label_weight,
)
from lmtx_search.cluster.facets.filters import subset
from lmtx_search.cluster.facets.untouched import count_untouched, untouched_clauses
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.index_templates import load, text
from lmtx_search.tag_fields import TagFields

# Labels whose documents are counted. A rarer one weighs as little as a label that occurs once.
_LABELS = 5000

# Documents of each shard whose probabilities are read: the most that OpenSearch allows by default
# (index.max_rescore_window).
_WINDOW = 10_000

# A label that is a tag counts this much of one that is a suggestion, while documents are chosen
# whose probabilities are read.
_OF_A_TAG = 0.1


@dataclass(frozen=True, slots=True)
class LabelWeights:
    """What decisions on labels are worth.

    Attributes:
        documents: number of documents with suggestions.
        suggested: (label, number of documents in which it is suggested), most frequent first.
        untouched: number of documents that are never touched (``documents.untouched_query``).
        weights: label → :func:`~lmtx_search.cluster.decisions.worth.label_weight`.
    """

    documents: int
    suggested: Sequence[tuple[str, int]]
    weights: Mapping[str, float]
    untouched: int = 0

    def of(self, tag: str) -> float:
        """Return the weight of a label."""
        return self.weights.get(tag, LEAST)


LEAST = label_weight(1, 1)
"""The weight of a label that is too rare to be counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is stored: its own index, also behind an alias or in a data stream."""

    index: str
    id: str
    routing: str | None = None

    @classmethod
    def of(cls, hit: Mapping[str, Any]) -> Place:
        """Return the place of a hit."""
        return cls(hit["_index"], hit["_id"], hit.get("_routing"))


def label_weights(
    client: OpenSearch, index: str, decided: Mapping[str, int] | None = None
) -> LabelWeights:
    """Count the labels of an index, in one search.

    Args:
        decided: number of decisions on each label so far (None: there are none).

    Raises:
        UserError: the index has no tags.
    """
    subset(client, index)
    suggests = {"exists": {"field": "tags_suggested"}}
    never = untouched_clauses(client)
    wanted = {"bool": {"filter": [suggests]}}
    body = load("searches/queue_labels", query=wanted, most=_LABELS)
    body = tag_fields(client).in_body(body)
    # The user's own query names fields as documents have them.
    body["query"]["bool"]["must_not"] = never
    answer = client.search(index=index, body=body, params=WHOLE)
    found = answer["aggregations"]
    suggested = _counts(found["suggested"])
    occurs = dict(suggested)
    for part in ("tags", "manual"):
        for tag, count in _counts(found["all"][part]).items():
            occurs[tag] = occurs.get(tag, 0) + count
    so_far = decided or {}
    weights = {
        tag: label_weight(count, suggested.get(tag, 0), so_far.get(tag, 0))
        for tag, count in occurs.items()
    }
    return LabelWeights(
        answer["hits"]["total"]["value"],
        list(suggested.items()),
        weights,
        count_untouched(client, index, never),
    )


def most_valuable(
    client: OpenSearch,
    index: str,
    fields: TagFields,
    weights: LabelWeights,
    size: int,
    only: str | None = None,
    without: Iterable[Place] = (),
) -> list[tuple[Place, dict[str, Any]]]:
    """Return documents with open labels and their places, the most valuable first, in one search.

    The order is exact among the 10,000 documents of each shard whose labels weigh most.

    Args:
        only: documents with this label only, the most probable ones first.
        without: documents to leave out, also those of other indices.
    """
    either = [fields.suggested, fields.tags]
    some = [
        {"exists": {"field": name}} if only is None else {"term": {name: only}} for name in either
    ]
    query: dict[str, Any] = {"bool": {"filter": [{"bool": {"should": some}}]}}
    query["bool"]["must_not"] = untouched_clauses(client)
    query["bool"]["must_not"] += _clauses_of(without)
    weighed = {"weights": dict(weights.weights), "least": LEAST}
    heaviest = {"fields": {fields.suggested: 1.0, fields.tags: _OF_A_TAG}, **weighed}
    worth = {
        "people": [fields.manual, fields.rejected],
        "suggested": fields.suggested,
        "suggestion_scores": fields.suggestion_scores,
        "scores": fields.scores,
        "sure": SURE,
        "unknown": UNKNOWN,
        "first_labels": FIRST_LABELS,
        "of_a_later_label": OF_A_LATER_LABEL,
        "only": only,
        **weighed,
    }
    body = load(
        "searches/queue",
        size=size,
        window=_WINDOW,
        query=query,
        heaviest={"source": text("searches/heaviest.painless"), "params": heaviest},
        worth={"source": text("searches/worth.painless"), "params": worth},
    )
    hits = client.search(index=index, body=body)["hits"]["hits"]
    return [(Place.of(hit), hit["_source"]) for hit in hits if hit["_score"] > 0]


def _clauses_of(places: Iterable[Place]) -> list[dict[str, Any]]:
    """Return queries that find documents: an id says little, as each index may count from 1.

    They are few, because the cluster allows 1,024 clauses. Of documents with the same id in one
    index, all are found whose routings are among those of the places.
    """
    routed: dict[tuple[str, bool], list[Place]] = {}
    for place in places:
        routed.setdefault((place.index, place.routing is not None), []).append(place)
    clauses: list[dict[str, Any]] = []
    for (index, with_routing), some in routed.items():
        ids = {"ids": {"values": sorted({place.id for place in some})}}
        both: dict[str, Any] = {"filter": [{"term": {"_index": index}}, ids]}
        if with_routing:
            routings = sorted({str(place.routing) for place in some})
            both["filter"].append({"terms": {"_routing": routings}})
        else:
            both["must_not"] = [{"exists": {"field": "_routing"}}]
        clauses.append({"bool": both})
    return clauses


def _counts(found: Mapping[str, Any]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}
