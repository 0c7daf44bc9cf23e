"""The page's server: the page's files, and the JSON API that they use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.system.process_identity import user_name
from lmtx_search.tagging.service.http import refused
from lmtx_search.ui.guard import LOOPBACK, Guard
from lmtx_search.ui.library import LAST, Library
from lmtx_search.ui.queue_routes import queue_routes
from lmtx_search.ui.requests import Endpoint, answering, json_body, language_of, number
from lmtx_search.ui.sign_in import PAGE, SignIn, sign_in_routes
from lmtx_search.ui.try_text import Trial
from lmtx_search.ui.visitors import Visitors

STATIC = Path(__file__).parent / "static"

_MAX_QUERY = 1000
_MAX_TAGS = 1000


def create_app(settings: Settings, index: str, on_loopback: bool = True) -> Starlette:
    """Return the application that serves the page of an index.

    - ``GET /api/documents?q=…&tag=…&start=0&size=30``: tags with counts, one page of documents.
    - ``GET /api/labels?q=…``: labels by words.
    - ``GET /api/tag?label=ID``: what a label is called in documents.
    - ``POST /api/try`` with ``{"text": …}``: the tags that the deployed tagger assigns to it.
    - ``GET /api/explain?document=ID``, ``POST /api/explain`` with ``{"text": …}``: why a document
      or a text has its tags. Behind an alias, ``index`` and ``routing`` tell documents with the
      same id apart.

    The addresses of the queue and of decisions are in :mod:`~lmtx_search.ui.queue_routes`, those of
    the sign-in in :mod:`~lmtx_search.ui.sign_in`. Tags and labels have a ``name`` in the language
    that the browser asks for (Accept-Language). An error is ``{"error": one line}``: 4xx if the
    user can correct it, 502 if the cluster failed.

    Args:
        on_loopback: the page is reached from this machine only. Its visitor is then the user who
            started it, unless the settings say how visitors sign in or name further hosts.
    """
    library, trial = Library(settings, index), Trial(settings)
    own = settings.ui
    visitors = Visitors(own, user_name() if on_loopback and not own.hosts else None)
    hosts = LOOPBACK | set(own.hosts) if on_loopback or own.hosts else None

    async def documents(request: Request) -> Any:
        parameters = request.query_params
        query = parameters.get("q", "")
        if len(query) > _MAX_QUERY:
            raise UserError(f"a search has at most {_MAX_QUERY:,} characters")
        start, size = number(request, "start", 0, LAST), number(request, "size", 30, _MAX_TAGS)
        tags, language = parameters.getlist("tag"), language_of(request)
        return await run_in_threadpool(library.search, query, tags, start, max(1, size), language)

    async def labels(request: Request) -> Any:
        words = request.query_params.get("q", "")[:_MAX_QUERY]
        return await run_in_threadpool(library.labels, words, language_of(request))

    async def tag(request: Request) -> Any:
        label = request.query_params.get("label", "")
        return await run_in_threadpool(library.tag_of, label, language_of(request))

    async def try_text(request: Request) -> Any:
        text = (await json_body(request)).get("text")
        if not isinstance(text, str):
            raise UserError('the body must be {"text": …}')
        return await run_in_threadpool(trial.explain, text)

    async def explain(request: Request) -> Any:
        if request.method == "POST":
            text = (await json_body(request)).get("text")
            if not isinstance(text, str):
                raise UserError('the body must be {"text": …}')
            return await run_in_threadpool(trial.explain_fully, text)
        document = request.query_params.get("document", "")
        if not document:
            raise UserError("name a document: /api/explain?document=ID&index=INDEX&routing=ROUTING")
        within, routing = map(request.query_params.get, ("index", "routing"))
        return await run_in_threadpool(trial.explain_document, index, document, within, routing)

    return Starlette(
        routes=[
            Route("/", _file("index.html")),
            Route("/try", _file("try.html")),
            Route("/decide", _file("decide.html")),
            Route(PAGE, _file("sign-in.html")),
            Route("/api/documents", answering(documents)),
            Route("/api/labels", answering(labels)),
            Route("/api/tag", answering(tag)),
            Route("/api/try", answering(try_text), methods=["POST"]),
            Route("/api/explain", answering(explain), methods=["GET", "POST"]),
            *queue_routes(settings, index),
            *sign_in_routes(visitors),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=hosts), Middleware(SignIn, visitors=visitors)],
        exception_handlers={HTTPException: refused},
    )


def _file(name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return FileResponse(STATIC / name)

    return endpoint
