"""Signing in: a user with a password, a token, an API key, an AWS identity, a certificate."""

from __future__ import annotations

from typing import Any

from opensearchpy import Urllib3AWSV4SignerAuth

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.settings import OpenSearchSettings


def sign_in(settings: OpenSearchSettings) -> dict[str, Any]:
    """Return the client's arguments that authenticate its requests."""
    if settings.user is not None:
        password = settings.password.get_secret_value() if settings.password else ""
        return {
            "http_auth": (settings.user, password),
            "sign_in": "opensearch.user and LMTX_OPENSEARCH_PASSWORD",
        }
    if (header := authorization(settings)) is not None:
        variable = "LMTX_OPENSEARCH_TOKEN" if settings.token else "LMTX_OPENSEARCH_API_KEY"
        return {"headers": {"Authorization": header}, "sign_in": variable}
    if settings.aws_region is not None:
        signer = Urllib3AWSV4SignerAuth(_aws_credentials(), settings.aws_region)
        return {"http_auth": signer, "sign_in": "the AWS credentials and opensearch.aws_region"}
    if settings.client_cert is not None:
        return {"sign_in": "opensearch.client_cert"}
    return {"sign_in": "opensearch.user and LMTX_OPENSEARCH_PASSWORD"}


def authorization(settings: OpenSearchSettings) -> str | None:
    """Return the value of the header Authorization for a token or an API key; None without both.

    The security plugin takes API keys from OpenSearch 3.7 on.
    """
    if settings.token is not None:
        return f"Bearer {settings.token.get_secret_value()}"
    if settings.api_key is not None:
        return f"ApiKey {settings.api_key.get_secret_value()}"
    return None


def _aws_credentials() -> Any:
    """Return the credentials that AWS finds in variables, a profile or the machine's role."""
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
