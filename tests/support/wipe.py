"""Empties a test cluster."""

from __future__ import annotations

import time
from typing import Any

_ML = "/_plugins/_ml"
# An uploaded model's chunks lie in the same index, and go with it.
_ALL = {
    "query": {"bool": {"must_not": {"exists": {"field": "chunk_number"}}}},
    "size": 1000,
    "_source": False,
}
_SECONDS = 20.0


def wipe(client: Any) -> None:
    """Delete every index, template, pipeline, model and connector that tests make."""
    client.indices.delete_data_stream(name="*")
    client.indices.delete(index="*,-.*", params={"expand_wildcards": "all"})
    for name in client.ingest.get_pipeline(params={"ignore": 404}):
        client.ingest.delete_pipeline(id=name)
    for entry in client.indices.get_index_template()["index_templates"]:
        if not entry["name"].startswith("."):
            client.indices.delete_index_template(name=entry["name"])
    for name in client.indices.get_template():
        if not name.startswith("."):
            client.indices.delete_template(name=name)
    for entry in client.cluster.get_component_template()["component_templates"]:
        if not entry["name"].startswith("."):
            client.cluster.delete_component_template(name=entry["name"])
    for kind in ("models", "connectors", "model_groups"):
        for identifier in found(client, kind):
            _delete(client, kind, identifier)


def found(client: Any, kind: str) -> list[str]:
    """Return the ids of what ML Commons has of a kind: models, connectors, model_groups."""
    from opensearchpy import TransportError

    try:
        answer = client.transport.perform_request("POST", f"{_ML}/{kind}/_search", body=_ALL)
    except TransportError:  # no such object was ever created
        return []
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def _delete(client: Any, kind: str, identifier: str) -> None:
    """Delete it as soon as the cluster lets it go: undeploying ends some time after its answer."""
    from opensearchpy import NotFoundError, TransportError

    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            if kind == "models":
                client.transport.perform_request("POST", f"{_ML}/models/{identifier}/_undeploy")
            client.transport.perform_request("DELETE", f"{_ML}/{kind}/{identifier}")
        except NotFoundError:
            return
        except TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
