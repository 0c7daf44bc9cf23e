"""Lists what the product has in a cluster, for `lmtx-search status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.health.attached import untagging
from lmtx_search.cluster.labels.index import LabelIndex, LabelIndexInfo
from lmtx_search.cluster.ml.pipeline import pipeline_state, tag_fields
from lmtx_search.tag_fields import TagFields

# All indices of users. The backing indices of data streams begin with a dot.
_ALL = "*,-.*,.ds-*"
# Number of names that fit into the address of a request.
_AT_A_TIME = 40
_OF_TAGGING = {"status": "keyword", "tagger": "keyword", "at": "date"}


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a cluster at one moment."""

    version: str
    health: str
    nodes: int
    pipeline: bool
    """Whether the ingest pipeline exists."""
    tagger: str | None
    """The version with which the pipeline tags; None: documents stay untagged."""
    labels: LabelIndexInfo | None
    documents: Mapping[str, Mapping[str, int]] | None = None
    """Index → tagging status → number of documents, for indices whose documents have a status.
    None if the user may not search all indices."""
    untagging: Mapping[str, Sequence[str]] | None = None
    """Attached name → its current indices that do not tag; None if they cannot be read."""


def overview(client: OpenSearch) -> Overview:
    """Read the state from the cluster; raises the errors of opensearch-py."""
    version = client.info()["version"]
    health = client.cluster.health()
    pipeline = _pipeline(client)
    return Overview(
        version=f"{version.get('distribution', 'elasticsearch')} {version['number']}",
        health=health["status"],
        nodes=health["number_of_nodes"],
        pipeline=pipeline is not None,
        tagger=pipeline_state(pipeline or {}).tagger,
        labels=LabelIndex(client).current(),
        documents=tagged_documents(client),
        untagging=untagging(client, pipeline_state(pipeline or {})),
    )


def _pipeline(client: OpenSearch) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.ingest.get_pipeline(id=names.PIPELINE)[names.PIPELINE]
    except NotFoundError:
        return None
    return found


def tagged_documents(client: OpenSearch) -> dict[str, dict[str, int]] | None:
    """Return index → tagging status → number of documents, for indices with a status.

    None if the user may not search all indices. A field of the same name that another program
    wrote does not count.
    """
    found: dict[str, dict[str, int]] = {}
    fields = tag_fields(client)
    try:
        indices = _with_status(client, fields)
        for first in range(0, len(indices), _AT_A_TIME):
            found |= _counted(client, indices[first : first + _AT_A_TIME], fields.status)
    except AuthorizationException:
        return None
    return found


def _with_status(client: OpenSearch, fields: TagFields) -> list[str]:
    """Return the indices that have the tagger's fields with the right types."""
    params = {
        "filter_path": f"*.mappings.properties.{fields.tagging}.properties.*.type",
        "expand_wildcards": "open,hidden",
    }
    answer = client.transport.perform_request("GET", f"/{_ALL}/_mapping", params=params)
    return sorted(
        index
        for index, one in answer.items()
        if all(
            _inner(one["mappings"], fields.tagging).get(name, {}).get("type") == kind
            for name, kind in _OF_TAGGING.items()
        )
    )


def _inner(mappings: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = mappings["properties"][field]["properties"]
    return found


def _counted(client: OpenSearch, indices: Sequence[str], status: str) -> dict[str, dict[str, int]]:
    body = {
        "size": 0,
        "query": {"exists": {"field": status}},
        "aggs": {
            "indices": {
                "terms": {"field": "_index", "size": len(indices)},
                "aggs": {"statuses": {"terms": {"field": status, "size": 20}}},
            }
        },
    }
    params = {"allow_partial_search_results": "true", "ignore_unavailable": "true"}
    answer = client.search(index=",".join(indices), body=body, params=params)
    return {
        index["key"]: {one["key"]: one["doc_count"] for one in index["statuses"]["buckets"]}
        for index in answer.get("aggregations", {}).get("indices", {}).get("buckets", [])
    }
