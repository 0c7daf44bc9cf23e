"""Counts tags together with all narrower ones, by the hierarchy in the label index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.facets.exact_counts import count_all, ordered
from lmtx_search.cluster.facets.searching import search
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.codec import FIELDS, label_of
from lmtx_search.errors import UserError
from lmtx_search.hierarchy import ancestors
from lmtx_search.index_templates import load
from lmtx_search.records import Label
from lmtx_search.tag_fields import TagFields

# Labels that one request asks for or counts.
_BATCH = 1000
# The most hits of one search.
_MOST = 10_000


def rolled_up(
    client: OpenSearch, index: str, query: Mapping[str, Any], fields: TagFields
) -> list[tuple[str, int]]:
    """Return tags with the number of documents that have them or a narrower tag.

    The most frequent tag comes first. A document counts once for a label, even if it has several
    narrower tags.

    Args:
        fields: names of the tag fields; ``all`` is counted.

    Raises:
        UserError: no tag belongs to a label with a broader one.
    """
    counts = count_all(client, index, query, fields)
    tags = labels_of_tags(client, counts) if counts else {}
    labels = _upwards(client, tags.values())
    broader = {label.id: label.broader for label in labels.values()}
    below: dict[str, list[str]] = {}
    for tag, label in tags.items():
        for above in ancestors(broader, label.id):
            if above in labels:
                below.setdefault(above, []).append(tag)
    if counts and not below:
        raise UserError(
            "no label has a broader one: `lmtx-search labels load FILE` reads broader labels from "
            "a field broader, or from SKOS"
        )
    named = tag_names(client, [labels[id_] for id_ in below])
    filters = {
        named[id_]: {"terms": {"tags_all": [*narrower, named[id_]]}}
        for id_, narrower in below.items()
    }
    rest = iter(filters.items())
    while some := dict(islice(rest, _BATCH)):
        body = load("searches/roll_up", query=query, above=some)
        buckets = search(client, index, body, fields)["aggregations"]["above"]["buckets"]
        counts.update((name, bucket["doc_count"]) for name, bucket in buckets.items())
    return ordered(counts.items())


def with_narrower(client: OpenSearch, tag: str) -> list[str]:
    """Return a tag and the tags of all labels below its label."""
    found = _downwards(client, labels_of_tags(client, [tag]).values())
    return list(dict.fromkeys([tag, *tag_names(client, list(found.values())).values()]))


def cut_off(client: OpenSearch, retired: Sequence[Label]) -> int:
    """Return how many other labels lose labels above them if these are retired."""
    below = _downwards(client, retired)
    labels = _upwards(client, below.values())
    gone = {label.id for label in retired}
    now = {label.id: label.broader for label in labels.values()}
    then = {
        id_: [one for one in above if one not in gone]
        for id_, above in now.items()
        if id_ not in gone
    }
    rest = labels.keys() - gone
    return sum(
        not rest.intersection(ancestors(now, id_)).issubset(ancestors(then, id_))
        for id_ in below.keys() - gone
    )


def _below(client: OpenSearch, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the labels directly below labels, however many there are."""
    query = {"terms": {"broader": list(ids)}}
    body = {"size": _MOST, "query": query, "_source": list(FIELDS)}
    hits: list[dict[str, Any]] = client.search(index=names.LABELS, body=body, params=WHOLE)["hits"][
        "hits"
    ]
    if len(hits) < _MOST:
        return hits
    return list(scan(client, names.LABELS, query=query, fields=list(FIELDS)))


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


def tags_above(client: OpenSearch, tags: Iterable[str]) -> dict[str, list[str]]:
    """Return the tags of all labels above the label of each tag, nearest first.

    Tags whose label no longer exists are left out.
    """
    own = labels_of_tags(client, tags)
    labels = _upwards(client, own.values())
    named = tag_names(client, list(labels.values()))
    broader = {label.id: label.broader for label in labels.values()}
    return {
        tag: [named[above] for above in ancestors(broader, label.id) if above in named]
        for tag, label in own.items()
    }


def _downwards(client: OpenSearch, labels: Iterable[Label]) -> dict[str, Label]:
    """Return labels and all labels below them, by id."""
    found = {label.id: label for label in labels}
    level = list(found)
    while level:
        hits = [hit for some in _batches(level) for hit in _below(client, some)]
        new = [label for hit in hits if (label := label_of(hit)).id not in found]
        found.update((label.id, label) for label in new)
        level = [label.id for label in new]
    return found


def _upwards(client: OpenSearch, labels: Iterable[Label]) -> dict[str, Label]:
    """Return labels and all labels above them, by id."""
    found = {label.id: label for label in labels}
    level = list(found.values())
    while level:
        wanted = sorted({above for label in level for above in label.broader} - found.keys())
        level = list(edits.find(client, names.LABELS, wanted).values())
        found.update((label.id, label) for label in level)
    return found
