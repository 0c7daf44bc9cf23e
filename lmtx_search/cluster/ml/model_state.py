"""Checks that the pipeline's model is deployed in ML Commons, and deploys it again."""

from __future__ import annotations

from opensearchpy import ConnectionError, OpenSearch, TransportError

from lmtx_search.cluster.ml.connectors import finished, ml_request
from lmtx_search.cluster.ml.pipeline import read_pipeline

_DOWN = ("UNDEPLOYED", "DEPLOY_FAILED")


def redeploy(client: OpenSearch) -> bool:
    """Deploy the pipeline's model again if it was undeployed; return whether it was.

    ML Commons deploys a model again after a node's restart, and a remote model at its next request.
    It does not do so for a local model that was undeployed.

    Raises:
        LmtxError: it cannot be deployed.
    """
    try:
        model = read_pipeline(client).model
        if model is None:
            return False
        state = ml_request(client, "GET", f"/models/{model}").get("model_state")
        if state not in _DOWN:
            return False
        finished(client, ml_request(client, "POST", f"/models/{model}/_deploy")["task_id"])
    except ConnectionError:
        raise
    except TransportError:
        return False  # someone else's error: documents are stored as pending, with the reason
    return True
