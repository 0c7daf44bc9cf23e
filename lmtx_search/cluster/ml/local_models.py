"""Tagger versions as models that ML Commons runs itself: uploaded in chunks, then deployed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import reason_of
from lmtx_search.cluster.ml.connectors import RemoteTagger, delete_model, deploy_model, ml_request
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.index_templates import load
from lmtx_search.progress import SILENT, Progress

# The largest chunk that ML Commons accepts.
_CHUNK = 10_000_000
# Messages of ML Commons if its settings do not allow the model, in lower case.
_REFUSED = {
    "no eligible node": "plugins.ml_commons.only_run_on_ml_node must be false where no node has "
    "the role ml",
    "local model is not enabled": "plugins.ml_commons.local_model.enabled must be true",
    "local_model.enabled": "plugins.ml_commons.local_model.enabled must be true",
    "memory circuit breaker": "free memory on its nodes, or raise plugins.ml_commons."
    "native_memory_threshold and jvm_heap_memory_threshold",
    "model per node limit": "each deployed version holds one: undeploy the models of old "
    "versions, or raise plugins.ml_commons.max_model_on_node",
    "no space left": "free disk space on its nodes",
}


def upload(
    client: OpenSearch, version: str, archive: Path, progress: Progress = SILENT
) -> RemoteTagger:
    """Upload a version's archive as a model and deploy it.

    Raises:
        UserError: the cluster's settings do not allow it.
        LmtxError: it failed; everything it had created is removed.
    """
    chunks = -(-archive.stat().st_size // _CHUNK)
    body = load(
        "connectors/local_model",
        title=f"lmtx-tagger-{version}",
        description=f"lmtx-search tagger {version}",
        digest=_sha256(archive),
        chunks=chunks,
    )
    model: str | None = None
    try:
        model = str(ml_request(client, "POST", "/models/_register_meta", body)["model_id"])
        with (
            progress.stage("Upload the model", chunks, "chunks") as advance,
            archive.open("rb") as file,
        ):
            for number in range(chunks):
                path = f"/models/{model}/upload_chunk/{number}"
                ml_request(client, "POST", path, file.read(_CHUNK))
                advance(1)
        with progress.stage("Deploy the model", 1, "models") as advance:
            deploy_model(client, model)
            advance(1)
    except BaseException as error:
        if model is not None:
            delete_model(client, model)
        if isinstance(error, TransportError):
            raise refusal(reason_of(error)) or error from error
        if isinstance(error, LmtxError):
            raise refusal(str(error)) or error from error
        raise
    return RemoteTagger(version, None, model)


def refusal(reason: str) -> UserError | None:
    """Return the clear form of a refusal that the cluster's state causes, else None."""
    for sign, remedy in _REFUSED.items():
        if sign in reason.lower():
            return UserError(
                f"the cluster does not run the tagger itself ({reason}): {remedy}, or run "
                "`lmtx-search deploy --runtime service`"
            )
    return None


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
