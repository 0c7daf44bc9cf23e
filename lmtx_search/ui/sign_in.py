"""Lets only visitors pass who have signed in, and signs them in with a token."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lmtx_search.ui.requests import answering, json_body
from lmtx_search.ui.visitors import COOKIE, SECONDS_SIGNED_IN, Visitor, Visitors

PAGE = "/sign-in"
SESSION = "/api/session"

# What a visitor may load before signing in.
_OPEN = (PAGE, SESSION, "/static/")


class SignIn:
    """Refuses requests of visitors who have not signed in; pages lead to the sign-in."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        app = self._app
        try:
            scope["visitor"] = self._visitors.recognise(HTTPConnection(scope))
        except HTTPException as refusal:
            app = self._refused(scope, refusal)
        await app(scope, receive, send)

    def _refused(self, scope: Scope, refusal: HTTPException) -> ASGIApp:
        is_page = scope["method"] == "GET" and not scope["path"].startswith("/api/")
        if refusal.status_code == 401 and is_page and self._visitors.have_tokens:
            return RedirectResponse(PAGE, 303)
        return JSONResponse({"error": refusal.detail}, refusal.status_code)


def visitor_of(request: Request) -> Visitor:
    """Return who sent a request."""
    visitor: Visitor = request.scope["visitor"]
    return visitor


def editor_of(request: Request) -> Visitor:
    """Return who sent a request that changes something.

    Raises:
        HTTPException: 403, the visitor may only read.
    """
    visitor = visitor_of(request)
    if not visitor.editor:
        raise HTTPException(
            403, f"{visitor.name} may read here, but not decide: see ui.editors in the settings"
        )
    return visitor


def sign_in_routes(visitors: Visitors) -> list[Route]:
    """Return the addresses with which visitors sign in and out.

    - ``GET /api/session``: ``{"name": …, "editor": …, "signs_out": …}`` of the visitor.
    - ``POST /api/session`` with ``{"token": …}``: sign in.
    - ``DELETE /api/session``: sign out.
    """

    async def who(request: Request) -> Any:
        visitor = visitors.recognise(request)
        return {
            "name": visitor.name,
            "editor": visitor.editor,
            "signs_out": COOKIE in request.cookies,
        }

    async def sign_in(request: Request) -> Any:
        token = (await json_body(request)).get("token")
        session = visitors.session_of(token) if isinstance(token, str) else None
        if session is None:
            raise HTTPException(401, "this token is not known: check it, or ask for a new one")
        answer = JSONResponse({"signed_in": True})
        # Scripts cannot read the cookie, and no other site's request carries it.
        answer.set_cookie(
            COOKIE,
            session,
            max_age=SECONDS_SIGNED_IN,
            httponly=True,
            samesite="strict",
            secure=request.headers.get("origin", "").startswith("https://"),
        )
        return answer

    async def sign_out(request: Request) -> Any:
        answer = JSONResponse({"signed_in": False})
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return [
        Route(SESSION, answering(who)),
        Route(SESSION, answering(sign_in), methods=["POST"]),
        Route(SESSION, answering(sign_out), methods=["DELETE"]),
    ]
