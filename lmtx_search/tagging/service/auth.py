"""The token that a tagger's service asks for, and who shows it."""

from __future__ import annotations

import hmac

from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# What a load balancer asks says nothing about labels; the description is in the source anyway.
_OPEN = ("/health", "/ready", "/openapi.json")


def bearer(token: SecretStr | None) -> dict[str, str]:
    """Return the header that shows a token; none where there is no token."""
    return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}


class TokenGuard:
    """ASGI middleware: answers 401 to requests that do not show the token.

    ``/health``, ``/ready`` and ``/openapi.json`` are open.
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
                    {"error": "the tagger asks for its token: LMTX_SERVICE_TOKEN, then deploy"},
                    401,
                    {"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
