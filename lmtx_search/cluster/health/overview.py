"""What a cluster holds of the product, for `lmtx-search status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.labels.index import LabelIndex, LabelIndexInfo
from lmtx_search.cluster.ml.pipeline import pipeline_state, tag_fields

_MOST_INDICES = 100


@dataclass(frozen=True, slots=True)
class Overview:
    """A cluster at one moment."""

    version: str
    health: str
    nodes: int
    pipeline: bool
    """Whether the ingest pipeline is there."""
    tagger: str | None
    """Version that the pipeline tags with; None: it lets documents in untagged."""
    labels: LabelIndexInfo | None
    documents: Mapping[str, Mapping[str, int]] | None = None
    """Index → tagging status → documents, of indices whose documents have a status; None where
    the user may not search all indices."""


def overview(client: OpenSearch) -> Overview:
    """Ask the cluster; errors are opensearch-py's."""
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
    )


def _pipeline(client: OpenSearch) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.ingest.get_pipeline(id=names.PIPELINE)[names.PIPELINE]
    except NotFoundError:
        return None
    return found


def tagged_documents(client: OpenSearch) -> dict[str, dict[str, int]] | None:
    """Return index → tagging status → documents, of indices whose documents have a status.

    None where the user may not search all indices.
    """
    status = tag_fields(client).status
    body = {
        "size": 0,
        "query": {"exists": {"field": status}},
        "aggs": {
            "indices": {
                "terms": {"field": "_index", "size": _MOST_INDICES},
                "aggs": {"statuses": {"terms": {"field": status, "size": 20}}},
            }
        },
    }
    # An index of the user's may have a field of this name that is not ours: text has no counts.
    params = {"allow_partial_search_results": "true", "ignore_unavailable": "true"}
    try:
        answer = client.search(index="*,-.*", body=body, params=params)
    except AuthorizationException:
        return None
    return {
        index["key"]: {
            status["key"]: status["doc_count"] for status in index["statuses"]["buckets"]
        }
        for index in answer.get("aggregations", {}).get("indices", {}).get("buckets", [])
    }
