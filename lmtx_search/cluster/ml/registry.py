"""Lists the tagger versions in ML Commons, and removes or deploys them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.ml.connectors import RemoteTagger, ml_request, remove
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load

_PREFIX = "lmtx-tagger-"


@dataclass(frozen=True, slots=True)
class Registered:
    """A tagger's parts in ML Commons; after an interruption a part may be missing."""

    version: str
    model: str | None
    connector: str | None

    @property
    def in_cluster(self) -> bool:
        """Whether the cluster itself runs the tagger."""
        return self.model is not None and self.connector is None


def registered(client: OpenSearch) -> dict[str, Registered]:
    """Return version → its parts in ML Commons."""
    models = {hit["_id"]: hit["_source"] for hit in _search(client, "models")}
    connectors = {hit["_id"]: hit["_source"] for hit in _search(client, "connectors")}
    found = {
        version: Registered(version, None, connector)
        for connector, source in sorted(connectors.items())
        if (version := _version(source))
    }
    for model, source in sorted(models.items()):
        if version := _version(source):
            found[version] = Registered(version, model, source.get("connector_id"))
    return found


def unregister(client: OpenSearch, found: Registered) -> None:
    """Undeploy a version, delete its model, then its connector.

    Raises:
        LmtxError: ML Commons did not remove a part.
    """
    kept = remove(client, RemoteTagger(found.version, found.connector, found.model or "none"))
    if isinstance(kept, AuthorizationException):
        raise kept
    for kind, id_ in (("models", found.model), ("connectors", found.connector)):
        if id_ is not None and _there(client, f"/{kind}/{id_}"):
            raise LmtxError(
                f"ML Commons still holds {kind[:-1]} {id_} of the tagger {found.version}: run the "
                "same command again"
            )


def pipelines_with(client: OpenSearch, model: str) -> list[str]:
    """Return the ingest pipelines that name a model."""
    found = client.ingest.get_pipeline(params={"ignore": 404})
    return sorted(name for name, body in found.items() if model in json.dumps(body))


def _search(client: OpenSearch, kind: str) -> list[dict[str, Any]]:
    body = load("connectors/search", prefix=_PREFIX)
    try:
        answer = ml_request(client, "POST", f"/{kind}/_search", body)
    except NotFoundError:  # no such object was ever created
        return []
    return list(answer["hits"]["hits"])


def _version(source: dict[str, Any]) -> str | None:
    name = str(source.get("name", ""))
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else None


def _there(client: OpenSearch, path: str) -> bool:
    try:
        ml_request(client, "GET", path)
    except NotFoundError:
        return False
    return True
