"""The HTTP tagger: each version in the taggers' folder has an address of its own."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib import resources
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lmtx_search.errors import LmtxError
from lmtx_search.tagging.service.auth import TokenGuard
from lmtx_search.tagging.service.batching import Batcher
from lmtx_search.tagging.service.http import read_body, refused
from lmtx_search.tagging.service.metrics import CONTENT_TYPE, Metrics
from lmtx_search.tagging.service.request_limits import RequestLimits
from lmtx_search.tagging.service.version_pool import TaggerPool
from lmtx_search.tagging.versions.label_changes import changes_digest
from lmtx_search.version import __version__

MAX_BODY = 64 * 1024 * 1024
"""Most bytes of a request. 256 documents of eight windows of 8,000 characters fit."""

MAX_BODY_OF_A_WINDOW = 16 * 1024 * 1024
"""Most bytes of a request for each window that the version reads. 256 documents of 8,000 characters
fit, however JSON escapes them."""

MAX_TEXTS = 1024
"""Most texts of a request; the pipeline sends 256."""

_AROUND_TEXTS = 200
# JSON of this size takes at most about 30 MB once it is parsed.
_SMALL_BODY = 1024 * 1024
# The pattern never backtracks, because every part after the opening quote is optional.
_TEXTS_AND_BLANKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[ \t\r\n]+', re.DOTALL)


class _AsciiResponse(JSONResponse):
    """JSON in which every character beyond ASCII is escaped.

    ML Commons decodes an answer piece by piece as it arrives: a character whose bytes lie in two
    pieces would reach the documents as U+FFFD.
    """

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def create_app(
    pool: TaggerPool, token: SecretStr | None = None, limits: RequestLimits | None = None
) -> Starlette:
    """Return the service.

    - ``POST /taggers/{version}/tag`` with ``{"input": [text, …]}`` returns
      ``{"response": [{tag: score, …}, …]}`` in the order of the input. This is the sparse encoder
      form that neural-search's ``sparse_encoding`` understands. An empty text returns ``{}``.
    - ``GET /taggers/{version}`` loads the version and returns its manifest, and a digest of
      the label changes that the service has (``label_changes``).
    - ``GET /health`` answers while the process lives, ``GET /ready`` when it can tag.
    - ``GET /metrics`` is for Prometheus, ``GET /openapi.json`` describes all of these.

    With a token, only requests that carry it are answered (``auth.py``).

    An error in a request is a 4xx with ``{"error": one line}``. A 503 means that too many requests
    are waiting (``request_limits.py``), and says when to try again.
    """

    metrics, limits = Metrics(pool.loaded), limits or RequestLimits()

    async def tag(request: Request) -> Response:
        started, status = time.monotonic(), 500
        try:
            with metrics.under_way.track_inprogress():
                response = await answer(request)
            status = response.status_code
            return response
        except HTTPException as error:
            status = error.status_code
            raise
        finally:
            metrics.requests.labels(status).inc()
            metrics.seconds.observe(time.monotonic() - started)

    async def answer(request: Request) -> Response:
        name = request.path_params["version"]
        batcher = await _batcher(pool, name)
        windows = batcher.tagger.manifest.windows.most
        most_bytes = min(MAX_BODY, windows * MAX_BODY_OF_A_WINDOW)
        with limits.body() as take:
            texts = _texts(await read_body(request, most_bytes, take))
            with limits.request():
                while True:
                    try:
                        future = batcher.submit(texts)
                        break
                    except RuntimeError:  # another request unloaded it: load it again
                        batcher = await _batcher(pool, name)
                decisions = await asyncio.wrap_future(future)
        metrics.texts.inc(len(texts))
        metrics.tags.inc(sum(len(decision.applied) for decision in decisions))
        return _AsciiResponse({"response": list(map(batcher.tagger.weights, decisions))})

    async def manifest(request: Request) -> Response:
        name = request.path_params["version"]
        batcher = await _batcher(pool, name)
        changes = await asyncio.to_thread(changes_digest, pool.versions.folder / name)
        return JSONResponse({**asdict(batcher.tagger.manifest), "label_changes": changes})

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    async def ready(request: Request) -> Response:
        names = await asyncio.to_thread(pool.versions.names)
        if token is not None:  # load balancers ask without a token
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "ready", "taggers": names, "loaded": pool.loaded()})

    async def measures(request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    async def openapi(request: Request) -> Response:
        return JSONResponse(_openapi())

    pool.on_run = metrics.joined.observe

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        pool.close()

    return Starlette(
        routes=[
            Route("/taggers/{version}/tag", tag, methods=["POST"]),
            Route("/taggers/{version}", manifest),
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", measures),
            Route("/openapi.json", openapi),
        ],
        exception_handlers={HTTPException: refused, Exception: _failed},
        middleware=[] if token is None else [Middleware(TokenGuard, token)],
        lifespan=lifespan,
    )


def _openapi() -> Any:
    text = resources.files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
    described = json.loads(text)
    described["info"]["version"] = __version__
    return described


async def _batcher(pool: TaggerPool, name: str) -> Batcher:
    if name not in await asyncio.to_thread(pool.versions.names):
        raise HTTPException(404, f"no tagger version {name} in {pool.versions.folder}")
    try:
        return await asyncio.to_thread(pool.get, name)
    except LmtxError as error:
        raise HTTPException(500, str(error)) from error


def _texts(body: bytes) -> list[str]:
    # Millions of empty lists are few bytes but take much memory once parsed. Therefore the
    # characters outside of texts are counted first.
    if (
        len(body) > _SMALL_BODY
        and len(_TEXTS_AND_BLANKS.sub(b"", body)) > MAX_TEXTS + _AROUND_TEXTS
    ):
        raise _too_many()
    try:
        value: Any = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error
    texts = value.get("input") if isinstance(value, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise HTTPException(400, 'the body must be {"input": [text, …]}')
    if len(texts) > MAX_TEXTS:
        raise _too_many()
    return texts


def _too_many() -> HTTPException:
    return HTTPException(413, f"a request holds at most {MAX_TEXTS:,} texts, and only texts")


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 500)
