"""Tagger versions in ML Commons: each is a connector and a remote model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch, TransportError
from pydantic import SecretStr
from tenacity import retry_if_exception

from lmtx_search.cluster.client.errors import reason_of
from lmtx_search.cluster.client.retry import retrying
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.index_templates import load

_ML = "/_plugins/_ml"
_SECONDS_TO_DEPLOY = 120.0
_CONNECTION_SECONDS = 5
_READ_SECONDS = 60
MOST_SECONDS = _CONNECTION_SECONDS + _READ_SECONDS
"""How long the cluster waits at most for an answer of the tagger service."""
_SETTINGS = (
    "the cluster may not call the tagger at {url} ({reason}): run "
    "`lmtx-search bootstrap-index --apply-cluster-settings`, or have an administrator set what "
    "bootstrap-index prints"
)
# Messages of ML Commons if its settings do not allow the tagger's address, in lower case.
_FORBIDDEN = (
    "trusted connector endpoint",
    "private ip address",
    "only_run_on_ml_node",
    "no eligible node",
)


@dataclass(frozen=True, slots=True)
class RemoteTagger:
    """A registered version: the ids of its model and, for a service, of its connector."""

    version: str
    connector: str | None
    model: str


def register(
    client: OpenSearch, version: str, url: str, token: SecretStr | None = None
) -> RemoteTagger:
    """Create the connector and the model of a version, and deploy the model.

    Args:
        version: the tagger's version, which names and descriptions contain.
        url: the address to which texts are posted.
        token: the tagger's token. ML Commons stores it encrypted and never returns it.

    Raises:
        UserError: the cluster's settings do not allow it.
        LmtxError: it failed; everything it had created is removed.
    """
    title, description = f"lmtx-tagger-{version}", f"lmtx-search tagger {version}"
    undo: list[Callable[[], object]] = []
    try:
        # A tagger without a token ignores the header.
        shown = "none" if token is None else token.get_secret_value()
        body = load(
            "connectors/service",
            title=title,
            description=description,
            url=url,
            token=shown,
            connection_timeout=_CONNECTION_SECONDS,
            read_timeout=_READ_SECONDS,
        )
        answer = ml_request(client, "POST", "/connectors/_create", body)
        connector = str(answer["connector_id"])
        undo.append(lambda: _delete(client, f"/connectors/{connector}"))
        body = load("connectors/model", title=title, description=description, connector=connector)
        answer = ml_request(client, "POST", "/models/_register", body)
        model = str(answer.get("model_id") or finished(client, answer["task_id"]))
        undo.append(lambda: delete_model(client, model))
        deploy_model(client, model)
        return RemoteTagger(version, connector, model)
    except BaseException as error:
        for step in reversed(undo):
            step()
        if isinstance(error, TransportError):
            raise refusal(url, reason_of(error)) or error from error
        if isinstance(error, LmtxError):
            raise refusal(url, str(error)) or error from error
        raise


def refusal(url: str, reason: str) -> UserError | None:
    """Return the clear form of a refusal that cluster settings cause, else None."""
    if any(sign in reason.lower() for sign in _FORBIDDEN):
        return UserError(_SETTINGS.format(url=url, reason=reason))
    return None


def remove(client: OpenSearch, tagger: RemoteTagger) -> TransportError | None:
    """Remove a version from ML Commons; return the reason if a part remains."""
    kept = delete_model(client, tagger.model)
    if kept is None and tagger.connector is not None:
        kept = _delete(client, f"/connectors/{tagger.connector}")
    return kept


def delete_model(client: OpenSearch, model: str) -> TransportError | None:
    """Undeploy and delete a model; return the reason if it remains."""
    try:
        ml_request(client, "POST", f"/models/{model}/_undeploy")
    except AuthorizationException as error:
        return error
    except TransportError:
        pass  # the error of the deletion says more
    # Undeploying is asynchronous, and a model cannot be deleted before it ends.
    kept = None
    for pause in (0.0, 0.2, 0.5, 1.0, 2.0):
        time.sleep(pause)
        kept = _delete(client, f"/models/{model}")
        if kept is None or isinstance(kept, AuthorizationException):
            break
    return kept


def _delete(client: OpenSearch, path: str) -> TransportError | None:
    """Delete a part; a missing one is not an error."""
    try:
        ml_request(client, "DELETE", path)
    except NotFoundError:
        return None
    except TransportError as error:
        return error
    return None


def deploy_model(client: OpenSearch, model: str) -> None:
    """Load a model into the cluster's memory, and wait until it is there.

    Raises:
        LmtxError: ML Commons could not.
    """

    def once() -> None:
        finished(client, ml_request(client, "POST", f"/models/{model}/_deploy")["task_id"])

    retrying().copy(retry=retry_if_exception(_lacked_key))(once)


def finished(client: OpenSearch, task: str) -> str:
    """Wait for a task of ML Commons; return the id of its model."""
    deadline = time.monotonic() + _SECONDS_TO_DEPLOY
    pause = 0.05
    while time.monotonic() < deadline:
        answer = ml_request(client, "GET", f"/tasks/{task}")
        if answer["state"] == "COMPLETED":
            return str(answer.get("model_id"))
        if answer["state"] in ("FAILED", "COMPLETED_WITH_ERROR", "CANCELLED"):
            raise LmtxError(f"ML Commons could not deploy the tagger: {answer.get('error')}")
        time.sleep(pause)
        pause = min(1.0, pause * 2)
    raise LmtxError(f"ML Commons did not deploy the tagger within {_SECONDS_TO_DEPLOY:.0f} s")


def ml_request(client: OpenSearch, method: str, path: str, body: Any = None) -> Any:
    """Send a request to ML Commons, and repeat it while it certainly had no effect."""
    patient = retrying().copy(retry=retry_if_exception(_had_no_effect))
    return patient(client.transport.perform_request, method, _ML + path, body=body)


_NO_KEY_YET = (
    "Fetching master key timed out",
    "The ML encryption master key has not been initialized yet",
)


def _had_no_effect(error: BaseException) -> bool:
    """Return whether a repeated request creates nothing twice: the node was busy or not ready."""
    if not isinstance(error, TransportError):
        return False
    return error.status_code == 429 or _says_no_key(reason_of(error))


def _lacked_key(error: BaseException) -> bool:
    """Return whether a task failed because a node did not have the key for credentials yet."""
    return isinstance(error, LmtxError) and _says_no_key(str(error))


def _says_no_key(reason: str) -> bool:
    """Return whether a node lacks the key for credentials.

    A node of 2.19 needs the key before it creates its first connector, and before it deploys its
    first remote model. In a cluster of several nodes it often does not get the key in time, but the
    next time it has it.
    """
    return any(sign in reason for sign in _NO_KEY_YET)
