"""How a client of the cluster is made."""

from __future__ import annotations

import json
import logging
import ssl
from contextlib import suppress
from typing import Any

from opensearchpy import (
    AuthorizationException,
    OpenSearch,
    Transport,
    TransportError,
    Urllib3HttpConnection,
)
from tenacity import retry_if_exception, stop_after_attempt

from lmtx_search.cluster.retry import BUSY, retrying
from lmtx_search.cluster.schema import META_ONLY, META_PATH, require_known
from lmtx_search.errors import UserError
from lmtx_search.settings import OpenSearchSettings

# Bulk requests in flight, and room for a command's other requests.
_CONNECTIONS = 8
# Some ten seconds: callers that have more to lose are patient themselves.
_ATTEMPTS = 5


class _Connection(Urllib3HttpConnection):
    """Notes on each error which cluster and request it is about, for :mod:`cluster.errors`."""

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._noted(method, url, *args, **kwargs)

    def _noted(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().perform_request(method, url, *args, **kwargs)
        except TransportError as error:
            error.cluster = self.host  # type: ignore[attr-defined]
            error.request = f"{method} {url}"  # type: ignore[attr-defined]
            raise


class _WritingConnection(_Connection):
    """Before its first request it looks whether a newer release has written here."""

    _known = False

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if not self._known:
            # Whoever may only write documents may not read this; nothing of ours is at stake.
            with suppress(AuthorizationException):
                _, _, answer = self._noted("GET", META_PATH, META_ONLY)
                with suppress(ValueError):  # no OpenSearch: the request itself will say so
                    require_known(json.loads(answer or "{}"))
            self._known = True
        return self._noted(method, url, *args, **kwargs)


class _Transport(Transport):
    """Asks again what a cluster had no time for, a little later."""

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if url.endswith("/_bulk"):  # its sender is patient, and stops when it is told to
            return super().perform_request(method, url, *args, **kwargs)
        # What makes a new thing each time is sent again only if surely nothing was done.
        statuses = {429} if "/_plugins/" in url else BUSY

        def passes(error: BaseException) -> bool:
            return isinstance(error, TransportError) and error.status_code in statuses

        patient = retrying().copy(
            retry=retry_if_exception(passes), stop=stop_after_attempt(_ATTEMPTS)
        )
        return patient(super().perform_request, method, url, *args, **kwargs)


def connect(settings: OpenSearchSettings, *, reading: bool = False) -> OpenSearch:
    """Return a client; nothing is sent yet.

    Args:
        reading: nothing will be written, so that a cluster of a newer release does no harm. Else
            the first request of the client raises a UserError there.

    Errors of its requests are opensearch-py's: :func:`lmtx_search.cluster.errors.translate` makes
    one clear line of them.

    Raises:
        UserError: the CA file cannot be read or holds no certificate.
    """
    # The client logs each failed request with a traceback; its errors say it all.
    logging.getLogger("opensearch").addHandler(logging.NullHandler())
    auth = None
    if settings.user is not None:
        password = settings.password.get_secret_value() if settings.password else ""
        auth = (settings.user, password)
    options: dict[str, Any] = {}
    if settings.url.startswith("https://"):
        options["ssl_context"] = ssl_context(settings)
        if not settings.verify:
            options["ssl_assert_hostname"] = False
    return OpenSearch(
        hosts=[settings.url],
        http_auth=auth,
        timeout=settings.timeout,
        pool_maxsize=_CONNECTIONS,
        http_compress=False,
        # Once more for a kept-alive connection that went stale.
        max_retries=1,
        retry_on_status=(),
        transport_class=_Transport,
        connection_class=_Connection if reading else _WritingConnection,
        **options,
    )


def ssl_context(settings: OpenSearchSettings) -> ssl.SSLContext:
    """Return what certificates are checked with.

    Raises:
        UserError: the CA file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except ssl.SSLError as error:
        raise UserError(
            f"{settings.ca_file} holds no PEM certificate: set opensearch.ca_file to the CA's"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read the CA file {settings.ca_file}: {error.strerror}") from error
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
