"""Checks that a node runs the tagger's model, and deploys the model again if none does."""

from __future__ import annotations

from opensearchpy import ConnectionError, OpenSearch, TransportError

from lmtx_search.cluster.client.errors import reason_of
from lmtx_search.cluster.ml.connectors import deploy_model, ml_request
from lmtx_search.cluster.ml.local_models import refusal
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.errors import LmtxError

_UP = ("DEPLOYED", "PARTIALLY_DEPLOYED", "DEPLOYING")
# Which of the two ML Commons writes depends on whether its check of all nodes saw the model first.
_DOWN = ("UNDEPLOYED", "DEPLOY_FAILED")


def why_down(client: OpenSearch, model: str) -> str | None:
    """Return why no node runs a model, as the rest of a sentence; None if a node runs it.

    If the nodes that ran a model have left the cluster, ML Commons may still call it deployed.
    """
    found = ml_request(client, "GET", f"/models/{model}")
    state = str(found.get("model_state"))
    if state not in _UP:
        return "was on no node" if state in _DOWN else f"was {state.lower()}, not deployed"
    planned = set(found.get("planning_worker_nodes") or ())
    there = client.nodes.info(params={"filter_path": "nodes.*.name"})["nodes"]
    if planned and planned.isdisjoint(there):
        return "ran on nodes that have left the cluster"
    return None


def deploy_again(client: OpenSearch, model: str) -> str | None:
    """Deploy a model again if no node runs it; return why none did, else None.

    Raises:
        LmtxError: it cannot be deployed.
    """
    why = why_down(client, model)
    if why is None:
        return None
    try:
        deploy_model(client, model)
    except ConnectionError:
        raise
    except TransportError as error:
        reason = reason_of(error)
        known = refusal(reason)
        raise LmtxError(str(known or f"ML Commons did not deploy {model}: {reason}")) from error
    return why


def redeploy(client: OpenSearch) -> str | None:
    """Deploy the pipeline's model again if no node runs it; return why none did, else None.

    ML Commons deploys a remote model again with its next request. A local model stays down if the
    nodes that ran it have left: ML Commons deploys models again only when a node joins, and then
    leaves out those whose deployment has failed, as it calls a model that no node runs any more.

    Raises:
        LmtxError: it cannot be deployed.
    """
    try:
        model = read_pipeline(client).model
        return None if model is None else deploy_again(client, model)
    except ConnectionError:
        raise
    except TransportError:
        return None  # the user may not see it: documents are stored as pending, with the reason
