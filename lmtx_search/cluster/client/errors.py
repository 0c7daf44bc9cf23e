"""Errors of the cluster, each in one line that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opensearchpy import (
    AuthenticationException,
    AuthorizationException,
    ConnectionError,
    ConnectionTimeout,
    ImproperlyConfigured,
    NotFoundError,
    SerializationError,
    TransportError,
)

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import too_many_buckets
from lmtx_search.errors import LmtxError, UserError

# The name of a right may itself end in a bracket: indices:data/write/bulk[s].
_ACTION = re.compile(r"no permissions for \[(.+?)\](?: and |$)")
_ARCHIVED = "archived."
CLEAR_ARCHIVED = 'PUT _cluster/settings {"persistent": {"archived.*": null}}'
"""The request that removes archived settings."""
_BOOTSTRAP = "run `lmtx-search bootstrap-index`"


@contextmanager
def clear_errors() -> Iterator[None]:
    """Raise errors of opensearch-py in their clear form; also works as a decorator.

    Raises:
        LmtxError: see :func:`translate`; other errors are not changed.
    """
    try:
        yield
    except Exception as error:
        clear = translate(error)
        if clear is None:
            raise
        raise clear from error


def translate(error: Exception) -> LmtxError | None:
    """Return the clear form of an error of opensearch-py; None for other errors."""
    if isinstance(error, ConnectionTimeout):
        return LmtxError(
            f"no answer from {_cluster(error)} in time{_request(error)}: check whether it is busy, "
            "or raise opensearch.timeout"
        )
    if isinstance(error, ConnectionError):
        return _connection(error)
    if isinstance(error, AuthenticationException):
        return UserError(f"{_cluster(error)} does not accept the user: check {_sign_in(error)}")
    if isinstance(error, SerializationError):
        return LmtxError(
            "the cluster's answer is not JSON: check that opensearch.url is the address of an "
            "OpenSearch; see `lmtx-search doctor`"
        )
    if isinstance(error, ImproperlyConfigured):
        return UserError(f"opensearch settings: {error}")
    if isinstance(error, TransportError):
        return _answered(error)
    return None


def lacked(reason: str) -> list[str]:
    """Return the missing rights that the security plugin names in a refusal."""
    named = _ACTION.search(reason)
    return named[1].split(", ") if named else []


def lacking(reason: str, what: str) -> UserError | None:
    """Return the clear form of a refusal by the security plugin; None for other refusals.

    Args:
        what: the refused action, as it follows "for" in the message.
    """
    rights = lacked(reason)
    if not rights:
        return None
    return UserError(
        f"the user lacks the right{'s' if len(rights) > 1 else ''} {', '.join(rights)} for {what}: "
        "ask for the role that `lmtx-search bootstrap-index --print-role` prints"
    )


def reason_of(error: TransportError) -> str:
    """Return the cluster's own reason, with the innermost cause."""
    info = error.info
    if not isinstance(info, Mapping):
        return str(error.error)[:300]
    wrong = info.get("error", info)
    if not isinstance(wrong, Mapping):
        return str(wrong)[:300]
    causes = wrong.get("root_cause")
    cause: Any = causes[0] if isinstance(causes, list) and causes else wrong
    deepest = wrong
    while isinstance(deepest.get("caused_by"), Mapping):
        deepest = deepest["caused_by"]
    reasons = dict.fromkeys(str(part.get("reason", "")) for part in (cause, deepest))
    # A proxy in front of a cluster, such as that of AWS, uses a form of its own.
    said = ": ".join(filter(None, reasons)) or wrong.get("message") or wrong.get("Message")
    return str(said or error.error)[:600]


def _connection(error: ConnectionError) -> LmtxError:
    cluster, text = _cluster(error), str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return _untrusted(cluster, text)
    if refused := re.search(r"ALERT_((?:\w*_)?CERTIFICATE\w*|UNKNOWN_CA)", text):
        return UserError(
            f"{cluster} refused the client certificate ({refused[1].lower().replace('_', ' ')}): "
            "check opensearch.client_cert and opensearch.client_key"
        )
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return UserError(f"{cluster} does not speak TLS: use an http:// address (opensearch.url)")
    if "NameResolutionError" in text or "Failed to resolve" in text:
        return UserError(f"the host name in {cluster} does not exist: check opensearch.url")
    if "RemoteDisconnected" in text or "Connection aborted" in text:
        hint = " (it may want https://)" if cluster.startswith("http://") else ""
        return LmtxError(f"{cluster} dropped the connection{hint}: check opensearch.url")
    if "Connection broken" in text:
        return LmtxError(
            f"{cluster} dropped the connection in the middle of its answer"
            f"{_request(error)}: run the same command again"
        )
    if "SSL" in text:
        return LmtxError(f"no TLS connection with {cluster}: {error.error}")
    return LmtxError(
        f"no OpenSearch at {cluster}: start one (`lmtx-search up`) or set opensearch.url (--url)"
    )


def _untrusted(cluster: str, text: str) -> UserError:
    found = re.search(r"certificate verify failed: ([^(\]]+)", text)
    why = found[1].strip() if found else ""
    if "expired" in why or "not yet valid" in why:
        remedy = "renew it, or correct this machine's clock"
    elif "mismatch" in why:
        remedy = "use a host name that it contains (opensearch.url)"
    else:
        remedy = "give its CA with --ca-file (opensearch.ca_file)"
    return UserError(
        f"the certificate of {cluster} cannot be trusted ({why}): {remedy}, or --no-verify to "
        "trust it unseen"
    )


def _answered(error: TransportError) -> LmtxError:
    cluster, reason, kind = _cluster(error), reason_of(error), str(error.error)
    status = error.status_code
    if "read-only" in reason or "read only" in reason:
        return LmtxError(
            f"{cluster} does not accept writes: {reason}; free disk space, or remove the "
            "block (index.blocks.*)"
        )
    if isinstance(error, AuthorizationException):
        return _forbidden(error, cluster, reason)
    if isinstance(error, NotFoundError) and kind == "index_not_found_exception":
        return _no_index(error, cluster)
    if too_many_buckets(error):
        return UserError(
            f"{cluster} counts no more groups in one request (search.max_buckets): ask for fewer "
            f"tags or longer periods, or raise that setting ({reason})"
        )
    if "no ingest nodes" in reason:
        return UserError(
            f"no node of {cluster} has the role ingest, which runs pipelines: add it to node.roles "
            "in the opensearch.yml of a node and restart the node"
        )
    if f"unknown setting [{_ARCHIVED}" in reason:
        return UserError(
            f"{cluster} has settings of an earlier OpenSearch version and changes no other setting "
            f"until they are removed: {CLEAR_ARCHIVED}"
        )
    if "knn_vector" in reason or "unknown query [knn]" in reason:
        return UserError(
            f"{cluster} has no k-NN plugin: use a full OpenSearch distribution, or install "
            "opensearch-knn on each node"
        )
    if kind in ("invalid_index_name_exception", "invalid_alias_name_exception"):
        return UserError(f"not a valid index name: {reason}")
    if kind == "index_closed_exception":
        return UserError(f"{reason} at {cluster}: open the index first")
    if "dimension" in reason and "vector" in reason.lower():
        return UserError(
            f"the vectors do not fit the label index: {reason}; `lmtx-search labels load` makes a "
            "new version for another encoder"
        )
    if "pipeline with id [" in reason:
        return UserError(f"{reason} at {cluster}: {_BOOTSTRAP}")
    if status == 429:
        return LmtxError(f"{cluster} is too busy: {reason}; try again later")
    if status == 503:
        return LmtxError(f"{cluster} is not ready: {reason}; wait and try again")
    if status in (502, 504):
        return LmtxError(f"the proxy in front of {cluster} cannot reach it: try again later")
    return LmtxError(f"{cluster} answered {status}{_request(error)}: {reason}")


def _forbidden(error: TransportError, cluster: str, reason: str) -> UserError:
    request = getattr(error, "request", "this request").split("?")[0]
    if not reason and request.startswith("HEAD /"):
        # The answer to a HEAD request, which asks whether an index exists, has no body.
        reason = "no permissions for [indices:admin/get]"
    return lacking(reason, f"{request} at {cluster}") or UserError(
        f"{cluster} does not allow {request}: {reason}; check {_sign_in(error)}"
    )


def _no_index(error: NotFoundError, cluster: str) -> LmtxError:
    info: Any = error.info
    causes = info.get("error", {}).get("root_cause") or [{}]
    name = causes[0].get("index") or causes[0].get("resource.id") or "?"
    if name.startswith(names.OWN):
        return UserError(f"no index {name} at {cluster}: {_BOOTSTRAP}")
    if name.startswith(names.DOCUMENTS):
        return UserError(f"no index {name} at {cluster}: run `lmtx-search docs load FILE`")
    return UserError(f"no index {name} at {cluster}: check its name")


def _cluster(error: TransportError) -> str:
    return str(getattr(error, "cluster", "the cluster"))


def _sign_in(error: TransportError) -> str:
    return str(getattr(error, "sign_in", "the credentials"))


def _request(error: TransportError) -> str:
    request = getattr(error, "request", "").split("?")[0]
    return f" ({request})" if request else ""
