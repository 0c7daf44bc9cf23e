"""How a client of the cluster is made."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.auth import sign_in
from lmtx_search.cluster.client.transport import NotedConnection, PatientTransport, WritingTransport
from lmtx_search.errors import UserError
from lmtx_search.settings import OpenSearchSettings

Client = OpenSearch
"""A client of the cluster; other rooms name the type by this alias, not by the library's."""

# Bulk requests in flight, and room for a command's other requests.
_CONNECTIONS = 8


def connect(settings: OpenSearchSettings, *, reading: bool = False) -> Client:
    """Return a client; nothing is sent yet.

    Args:
        reading: nothing will be written, so a cluster of a newer release is accepted. Otherwise
            the first request of the client raises a UserError there.

    Errors of its requests are opensearch-py's:
    :func:`lmtx_search.cluster.client.errors.translate` makes one clear line of them.

    Raises:
        UserError: a file of certificates cannot be read or holds none, or nothing signs for AWS.
    """
    # The client logs each failed request with a traceback; its errors say it all.
    logging.getLogger("opensearch").addHandler(logging.NullHandler())
    options = sign_in(settings)
    if settings.url.startswith("https://"):
        options["ssl_context"] = ssl_context(settings)
        if not settings.verify:
            options["ssl_assert_hostname"] = False
    return OpenSearch(
        hosts=[settings.url],
        timeout=settings.timeout,
        pool_maxsize=_CONNECTIONS,
        http_compress=False,
        # Once more for a kept-alive connection that went stale.
        max_retries=1,
        retry_on_status=(),
        transport_class=PatientTransport if reading else WritingTransport,
        connection_class=NotedConnection,
        **options,
    )


def ssl_context(settings: OpenSearchSettings) -> ssl.SSLContext:
    """Return what certificates are checked with, and shown.

    Raises:
        UserError: a file of certificates cannot be read or holds none.
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
    if settings.client_cert is not None:
        _show(context, settings.client_cert, settings.client_key)
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    def no_password() -> str:
        # Without this, OpenSSL would ask at the terminal.
        raise UserError(f"the key {key or certificate} has a password: decrypt it (openssl pkey)")

    try:
        context.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as error:
        raise UserError(
            f"{certificate} and {key or 'the key in it'} are no PEM certificate with its key "
            f"({error.reason or error}): see opensearch.client_cert and opensearch.client_key"
        ) from error
    except OSError as error:
        files = " or ".join(str(file) for file in (certificate, key) if file)
        raise UserError(f"cannot read the client certificate {files}: {error.strerror}") from error
