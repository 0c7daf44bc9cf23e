"""Makes a client of the cluster."""

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
"""A client of the cluster. Other packages use this alias instead of the library's type."""

# Enough for the bulk requests in flight and for a command's other requests.
_CONNECTIONS = 8
_SECONDS_LEFT_OUT = 60.0


def connect(settings: OpenSearchSettings, *, reading: bool = False) -> Client:
    """Return a client; nothing is sent yet.

    Args:
        reading: the client will not write, so that a cluster of a newer release is accepted.
            Without it, the client's first request to such a cluster raises a UserError.

    Requests raise the errors of opensearch-py;
    :func:`lmtx_search.cluster.client.errors.translate` turns them into one clear line.

    Raises:
        UserError: a certificate file cannot be read or holds no certificate, or AWS credentials are
            missing.
    """
    # The client logs each failed request with a traceback, although its errors say everything.
    logging.getLogger("opensearch").addHandler(logging.NullHandler())
    options = sign_in(settings)
    if settings.url.startswith("https://"):
        options["ssl_context"] = ssl_context(settings)
        if not settings.verify:
            options["ssl_assert_hostname"] = False
    return OpenSearch(
        hosts=list(settings.addresses),
        timeout=settings.timeout,
        pool_maxsize=_CONNECTIONS,
        http_compress=False,
        # One retry, for a kept-alive connection that the server has closed; and one at each further
        # node. Only these addresses are used: a cluster's own list (sniffing) may hold addresses
        # that this machine cannot reach.
        max_retries=len(settings.addresses),
        retry_on_status=(),
        # A node that does not answer is left out for so many seconds, however often it failed.
        dead_timeout=_SECONDS_LEFT_OUT,
        timeout_cutoff=0,
        transport_class=PatientTransport if reading else WritingTransport,
        connection_class=NotedConnection,
        **options,
    )


def ssl_context(settings: OpenSearchSettings) -> ssl.SSLContext:
    """Return the TLS context: the trusted CA, and the client's certificate.

    Raises:
        UserError: a certificate file cannot be read or holds no certificate.
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
        _present_certificate(context, settings.client_cert, settings.client_key)
    return context


def _present_certificate(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    def no_password() -> str:
        # Without this, OpenSSL would ask at the terminal.
        raise UserError(f"the key {key or certificate} has a password: decrypt it (openssl pkey)")

    try:
        context.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as error:
        raise UserError(
            f"{certificate} and {key or 'the key in it'} are not a PEM certificate with its key "
            f"({error.reason or error}): see opensearch.client_cert and opensearch.client_key"
        ) from error
    except OSError as error:
        files = " or ".join(str(file) for file in (certificate, key) if file)
        raise UserError(f"cannot read the client certificate {files}: {error.strerror}") from error
