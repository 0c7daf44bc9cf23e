"""Accepts requests only from the server's own page, opened under its own host name."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses requests from other sites, and tells browsers to load nothing from elsewhere.

    Args:
        hosts: host names under which the page may be opened; None: any. Without this check, a
            foreign name that points to this machine would count as the page's own origin (DNS
            rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        app: ASGIApp = self._app
        if refusal := _refusal(scope["method"], Headers(scope=scope), self._hosts):
            status, reason = refusal
            app = JSONResponse({"error": reason}, status)
        await app(scope, receive, send_with_headers)


def _refusal(
    method: str, headers: Headers, hosts: Collection[str] | None
) -> tuple[int, str] | None:
    """Return status and reason of a refusal; None: the request may pass."""
    host = headers.get("host", "")
    if hosts is not None and _hostname(host) not in hosts:
        return (
            403,
            f"this page is not served as {host}: open it at the address that `ui` printed",
        )
    if method in ("GET", "HEAD"):
        return None
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return 403, f"{origin} is another site: changes are accepted from this page only"
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return 403, "another site sent this request: changes are accepted from this page only"
    if headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return 415, "the body must be application/json"
    return None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
