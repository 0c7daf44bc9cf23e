"""How a client of the cluster is made."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

from opensearchpy import (
    OpenSearch,
    TransportError,
    Urllib3AWSV4SignerAuth,
    Urllib3HttpConnection,
)

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.settings import OpenSearchSettings

# Bulk requests in flight, and room for a command's other requests.
_CONNECTIONS = 8


class _Connection(Urllib3HttpConnection):
    """Notes on each error what :mod:`cluster.errors` tells of it: cluster, request, sign-in."""

    def __init__(self, *args: Any, sign_in: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sign_in = sign_in

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().perform_request(method, url, *args, **kwargs)
        except TransportError as error:
            error.cluster = self.host  # type: ignore[attr-defined]
            error.request = f"{method} {url}"  # type: ignore[attr-defined]
            error.sign_in = self._sign_in  # type: ignore[attr-defined]
            raise


def connect(settings: OpenSearchSettings) -> OpenSearch:
    """Return a client; nothing is sent yet.

    Errors of its requests are opensearch-py's: :func:`lmtx_search.cluster.errors.translate` makes
    one clear line of them.

    Raises:
        UserError: a file of certificates cannot be read or holds none, or nothing signs for AWS.
    """
    # The client logs each failed request with a traceback; its errors say it all.
    logging.getLogger("opensearch").addHandler(logging.NullHandler())
    options = _sign_in(settings)
    if settings.url.startswith("https://"):
        options["ssl_context"] = ssl_context(settings)
        if not settings.verify:
            options["ssl_assert_hostname"] = False
    return OpenSearch(
        hosts=[settings.url],
        timeout=settings.timeout,
        pool_maxsize=_CONNECTIONS,
        http_compress=False,
        # Once more for a kept-alive connection that went stale; patience is cluster.retry's.
        max_retries=1,
        retry_on_status=(),
        connection_class=_Connection,
        **options,
    )


def _sign_in(settings: OpenSearchSettings) -> dict[str, Any]:
    """Return the client's arguments with which requests say who asks."""
    if settings.user is not None:
        password = settings.password.get_secret_value() if settings.password else ""
        return {
            "http_auth": (settings.user, password),
            "sign_in": "opensearch.user and LMTX_OPENSEARCH_PASSWORD",
        }
    if settings.token is not None:
        bearer = f"Bearer {settings.token.get_secret_value()}"
        return {"headers": {"Authorization": bearer}, "sign_in": "LMTX_OPENSEARCH_TOKEN"}
    if settings.aws_region is not None:
        signer = Urllib3AWSV4SignerAuth(_aws_credentials(), settings.aws_region)
        return {"http_auth": signer, "sign_in": "the AWS credentials and opensearch.aws_region"}
    if settings.client_cert is not None:
        return {"sign_in": "opensearch.client_cert"}
    return {"sign_in": "opensearch.user and LMTX_OPENSEARCH_PASSWORD"}


def _aws_credentials() -> Any:
    """Return whom AWS's own tools would sign as: variables, a profile, the machine's role."""
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError as error:
        raise MissingExtra("aws", "signing requests for AWS") from error
    try:
        found = Session().get_credentials()
    except BotoCoreError as error:
        raise UserError(f"no AWS credentials: {error}") from error
    if found is None:
        raise UserError(
            "no AWS credentials to sign with (opensearch.aws_region): set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    return found


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
