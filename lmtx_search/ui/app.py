"""The page's server: the page's files, and the JSON API that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lmtx_search.cluster.client.errors import translate
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import Settings
from lmtx_search.tagging.service.http import read_body, refused
from lmtx_search.ui.guard import LOOPBACK, Guard
from lmtx_search.ui.library import LAST, Library
from lmtx_search.ui.try_text import Trial

STATIC = Path(__file__).parent / "static"

MAX_BODY = 1024 * 1024
"""Most bytes of a request; the longest requests hold a text to try."""

_MAX_QUERY = 1000
_MAX_TAGS = 1000
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    settings: Settings, index: str, hosts: Collection[str] | None = LOOPBACK
) -> Starlette:
    """Return the application that serves the page of an index.

    - ``GET /api/documents?q=…&tag=…&start=0&size=30``: tags with counts, one page of documents.
    - ``GET /api/labels?q=…``: labels by words.
    - ``POST /api/try`` with ``{"text": …}``: the tags that the deployed tagger assigns to it.
    - ``GET /api/explain?document=ID``, ``POST /api/explain`` with ``{"text": …}``: why a document
      or a text has its tags.
    - ``PUT /api/opinions`` with ``{"document": id, "label": id, "answer": "yes"|"no"|null}``.

    Tags and labels have a ``name`` in the language that the browser asks for (Accept-Language).
    An error is ``{"error": one line}``: 4xx if the user can correct it, 502 if the cluster failed.

    Args:
        hosts: host names under which the page may be opened; None: any.
    """
    library, trial = Library(settings, index), Trial(settings)

    async def documents(request: Request) -> Any:
        parameters = request.query_params
        query = parameters.get("q", "")
        if len(query) > _MAX_QUERY:
            raise UserError(f"a search has at most {_MAX_QUERY:,} characters")
        start, size = _number(request, "start", 0, LAST), _number(request, "size", 30, _MAX_TAGS)
        tags, language = parameters.getlist("tag"), _language(request)
        return await run_in_threadpool(library.search, query, tags, start, max(1, size), language)

    async def labels(request: Request) -> Any:
        words = request.query_params.get("q", "")[:_MAX_QUERY]
        return await run_in_threadpool(library.labels, words, _language(request))

    async def try_text(request: Request) -> Any:
        text = (await _body(request)).get("text")
        if not isinstance(text, str):
            raise UserError('the body must be {"text": …}')
        return await run_in_threadpool(trial.explain, text)

    async def explain(request: Request) -> Any:
        if request.method == "POST":
            text = (await _body(request)).get("text")
            if not isinstance(text, str):
                raise UserError('the body must be {"text": …}')
            return await run_in_threadpool(trial.explain_fully, text)
        document = request.query_params.get("document", "")
        if not document:
            raise UserError("name a document: /api/explain?document=ID")
        return await run_in_threadpool(trial.explain_document, index, document)

    async def opinion(request: Request) -> Any:
        body = await _body(request)
        document, label, answer = body.get("document"), body.get("label"), body.get("answer")
        if not isinstance(document, str) or not isinstance(label, str):
            raise UserError("the body must name a document and a label by their ids")
        if answer not in ("yes", "no", None):
            raise UserError('the answer must be "yes", "no" or null')
        return await run_in_threadpool(library.keep_answer, document, label, answer)

    return Starlette(
        routes=[
            Route("/", _file("index.html")),
            Route("/try", _file("try.html")),
            Route("/api/documents", _answering(documents)),
            Route("/api/labels", _answering(labels)),
            Route("/api/try", _answering(try_text), methods=["POST"]),
            Route("/api/explain", _answering(explain), methods=["GET", "POST"]),
            Route("/api/opinions", _answering(opinion), methods=["PUT"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: refused},
    )


def _file(name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return FileResponse(STATIC / name)

    return endpoint


def _answering(call: Callable[[Request], Awaitable[Any]]) -> Endpoint:
    """Return an endpoint for a function that returns JSON or raises a one-line error."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await call(request))
        except HTTPException:
            raise
        except Exception as error:
            return _failed(error)

    return endpoint


def _failed(error: Exception) -> Response:
    known = error if isinstance(error, LmtxError) else translate(error)
    if known is None:
        return JSONResponse({"error": f"internal error: {type(error).__name__}: {error}"}, 500)
    line = " ".join(str(known).split())
    return JSONResponse({"error": line}, 400 if isinstance(known, UserError) else 502)


async def _body(request: Request) -> dict[str, Any]:
    data = await read_body(request, MAX_BODY)
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UserError("the body must be a JSON object")
    return value


def _language(request: Request) -> str | None:
    """Return the language that the browser asks for first."""
    first = _LANGUAGE.match(request.headers.get("accept-language", ""))
    return first[0].lower() if first else None


def _number(request: Request, name: str, default: int, most: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) <= most):
        raise UserError(f"{name} must be a number from 0 to {most:,}")
    return int(value)
