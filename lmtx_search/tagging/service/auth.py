"""The token of a tagger's service: sending it, and checking it."""

from __future__ import annotations

import hmac

from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# The answers to a load balancer say nothing about labels; the API description is public anyway.
_OPEN = ("/health", "/ready", "/openapi.json")


def bearer(token: SecretStr | None) -> dict[str, str]:
    """Return the header that carries a token; no header if there is no token."""
    return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}


class TokenGuard:
    """ASGI middleware: answers 401 to requests that do not carry the token.

    ``/health``, ``/ready`` and ``/openapi.json`` need no token.
    """

    def __init__(self, app: ASGIApp, token: SecretStr) -> None:
        self._app = app
        self._expected = bearer(token)["Authorization"].encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in _OPEN:
            shown = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(shown, self._expected):
                refusal = JSONResponse(
                    {"error": "the tagger requires its token: set LMTX_SERVICE_TOKEN, then deploy"},
                    401,
                    {"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
