"""The transport of every request to the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opensearchpy import (
    AuthorizationException,
    ConnectionError,
    SerializationError,
    Transport,
    TransportError,
    Urllib3HttpConnection,
)
from tenacity import retry_if_exception, stop_after_attempt

from lmtx_search.cluster.client.retry import is_passing, retrying
from lmtx_search.cluster.client.schema import META_ONLY, META_PATH, require_known

# About ten seconds. Callers with more to lose have retries of their own.
_ATTEMPTS = 5


class NotedConnection(Urllib3HttpConnection):
    """Adds to each error what the message names: the cluster, the request and the sign-in."""

    def __init__(self, *args: Any, sign_in: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sign_in = sign_in

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request."""
        try:
            return super().perform_request(method, url, *args, **kwargs)
        except TransportError as error:
            error.cluster = self.host  # type: ignore[attr-defined]
            error.request = f"{method} {url}"  # type: ignore[attr-defined]
            error.sign_in = self._sign_in  # type: ignore[attr-defined]
            raise


class PatientTransport(Transport):
    """Repeats requests that a busy cluster refused, after a pause."""

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request, repeatedly if necessary."""
        if url.endswith("/_bulk"):  # its sender repeats it, and can be stopped
            return super().perform_request(method, url, *args, **kwargs)
        # A request that creates something is repeated only if it certainly had no effect.
        created = "/_plugins/" in url and method != "GET"

        def passes(error: BaseException) -> bool:
            if isinstance(error, ConnectionError) or not isinstance(error, TransportError):
                return False
            return error.status_code == 429 if created else is_passing(error)

        ask = super().perform_request

        def attempt() -> Any:
            # opensearch-py takes some of them, such as "ignore", out of the dictionary.
            params = kwargs.get("params")
            more = kwargs if params is None else {**kwargs, "params": dict(params)}
            return ask(method, url, *args, **more)

        patient = retrying().copy(
            retry=retry_if_exception(passes), stop=stop_after_attempt(_ATTEMPTS)
        )
        return patient(attempt)


class WritingTransport(PatientTransport):
    """Checks before the first request that no newer release has written to the cluster."""

    _known = False

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request; the first one after a check of the cluster.

        Raises:
            UserError: a newer release has written to the cluster.
        """
        if not self._known:
            # A user who may only write documents cannot read this, and cannot change the product's
            # indices either. A server that is not OpenSearch fails the actual request.
            with suppress(AuthorizationException, SerializationError):
                answer = super().perform_request("GET", META_PATH, params=META_ONLY)
                if isinstance(answer, Mapping):
                    require_known(answer)
            self._known = True
        return super().perform_request(method, url, *args, **kwargs)
