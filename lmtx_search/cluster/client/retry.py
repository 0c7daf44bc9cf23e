"""Retries for a busy or restarting cluster, with growing pauses and a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from opensearchpy import ConnectionError, SSLError, TransportError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_exponential,
    wait_random,
)

T = TypeVar("T")

BUSY = frozenset({429, 502, 503, 504})
"""HTTP statuses of a request, or of one item of a bulk request, that are worth a retry."""

# Error types of a request, or of an item, that was passed on to a node that has just left. Their
# status is 500.
_NODE_LEFT = (
    "node_closed_exception",
    "node_disconnected_exception",
    "node_not_connected_exception",
)

WHOLE = {"allow_partial_search_results": "false"}
"""Parameters of a search that must see all shards. By default, failed ones are left out."""

ATTEMPTS = 9
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


class Busy(Exception):
    """Some items of a bulk request were refused for now."""


def node_left(error: Mapping[str, Any]) -> bool:
    """Return whether an error of the cluster says that a node left while it had the request."""
    causes = [error, *error.get("root_cause", ())]
    while isinstance(causes[-1].get("caused_by"), Mapping):
        causes.append(causes[-1]["caused_by"])
    return any(cause.get("type") in _NODE_LEFT for cause in causes)


def is_passing(error: BaseException) -> bool:
    """Return whether the request may succeed later: the cluster is busy, slow or unreachable."""
    if isinstance(error, Busy):
        return True
    if isinstance(error, SSLError):
        return False
    if isinstance(error, ConnectionError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    if not isinstance(error, TransportError) or too_many_buckets(error):
        return False
    return error.status_code in BUSY or _lost_node(error)


def too_many_buckets(error: TransportError) -> bool:
    """Return whether a search counts more groups than the cluster allows.

    Its status is 503, but it would fail again.
    """
    return "too many buckets" in str(error.info).lower()


def _lost_node(error: TransportError) -> bool:
    answered = error.info.get("error") if isinstance(error.info, Mapping) else None
    return isinstance(answered, Mapping) and node_left(answered)


def retrying(
    stopped: threading.Event | None = None,
    before_sleep: Callable[[RetryCallState], None] | None = None,
) -> Retrying:
    """Return the policy: nine attempts in about 95 seconds, with pauses that double from 0.5 s.

    ``stopped`` ends the attempts and a current pause; the last error is raised unchanged.
    """
    stop: Any = stop_after_attempt(ATTEMPTS)
    options: dict[str, Any] = {}
    if stopped is not None:
        stop = stop_any(stop, stop_when_event_set(stopped))
        options["sleep"] = stopped.wait
    return Retrying(
        retry=retry_if_exception(is_passing),
        wait=wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE) + wait_random(0, FIRST_PAUSE),
        stop=stop,
        before_sleep=before_sleep,
        reraise=True,
        **options,
    )


def patiently(call: Callable[..., T], /, **arguments: Any) -> T:
    """Call one of the client's methods with the retry policy."""
    return retrying()(call, **arguments)
