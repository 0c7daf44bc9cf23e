"""What every request to the cluster goes through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opensearchpy import (
    AuthorizationException,
    SerializationError,
    Transport,
    TransportError,
    Urllib3HttpConnection,
)
from tenacity import retry_if_exception, stop_after_attempt

from lmtx_search.cluster.client.retry import BUSY, retrying
from lmtx_search.cluster.client.schema import META_ONLY, META_PATH, require_known

# Some ten seconds: callers that have more to lose are patient themselves.
_ATTEMPTS = 5


class NotedConnection(Urllib3HttpConnection):
    """Notes on each error what :mod:`cluster.errors` tells of it: cluster, request, sign-in."""

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
    """Asks again what a cluster had no time for, a little later."""

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request, several times if need be."""
        if url.endswith("/_bulk"):  # its sender repeats it, and stops on request
            return super().perform_request(method, url, *args, **kwargs)
        # What makes a new thing each time is sent again only if surely nothing was done.
        statuses = {429} if "/_plugins/" in url else BUSY

        def passes(error: BaseException) -> bool:
            return isinstance(error, TransportError) and error.status_code in statuses

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
    """Before the first request it looks whether a newer release has written here."""

    _known = False

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request, after a look at what is there.

        Raises:
            UserError: a newer release has written to the cluster.
        """
        if not self._known:
            # Whoever may only write documents may not read this; nothing of ours is at stake. And
            # what is no OpenSearch says so to the request itself.
            with suppress(AuthorizationException, SerializationError):
                answer = super().perform_request("GET", META_PATH, params=META_ONLY)
                if isinstance(answer, Mapping):
                    require_known(answer)
            self._known = True
        return super().perform_request(method, url, *args, **kwargs)
