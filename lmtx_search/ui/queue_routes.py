"""The addresses of the queue."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.ui.decisions import Decisions
from lmtx_search.ui.queue import PAGE_OF_A_LABEL, Queue
from lmtx_search.ui.requests import answering, json_body, language_of
from lmtx_search.ui.sign_in import editor_of, visitor_of
from lmtx_search.ui.withdrawing import withdraw

# A person who looks at a page does not wait as long as a load does.
_SECONDS = 15.0

_SHAPE = (
    'the body must be {"tag": …, "decision": "accept"|"reject", "documents": '
    '[{"index": …, "id": …, "routing": …|null, "digest": …}, …]} with at most '
    f"{PAGE_OF_A_LABEL} documents"
)

_PASSED = 2000
_QUEUE_SHAPE = (
    'the body must be {"label": tag|null, "passed": [{"index": …, "id": …, "routing": …|null}, …]} '
    f"with at most {_PASSED:,} documents that were passed over"
)


def queue_routes(settings: Settings, index: str) -> list[Route]:
    """Return the addresses with which people decide on the tags of an index.

    - ``POST /api/queue`` with ``{"label": tag|null, "passed": […]}``: the documents to decide on,
      which an editor claims with this request. Those that were passed over come when no other is
      left (``again``).
    - ``POST /api/queue/claims`` with ``{"documents": […]}``: renew these claims.
    - ``POST /api/decisions`` with ``{"tag": …, "decision": "accept"|"reject", "documents": […]}``.
    - ``POST /api/decisions/undo`` with ``{}``: undo the visitor's last request to decide.
    - ``POST /api/decisions/withdraw`` with ``{"tag": …, "documents": [one]}``: undo the visitor's
      decision on a tag of a document.

    A document is named by the ``index``, ``id``, ``routing`` and ``digest`` that the queue, or
    ``place`` of ``GET /api/documents``, gave it.
    """
    client = connect(settings.opensearch.within(_SECONDS))
    queue = Queue(client, settings.documents, index)
    decisions = Decisions(client, settings, index)

    async def page(request: Request) -> Any:
        body = await json_body(request)
        label, passed = body.get("label"), body.get("passed", [])
        if not isinstance(label, str | None) or not isinstance(passed, list):
            raise UserError(_QUEUE_SHAPE)
        places = [_place(one, _QUEUE_SHAPE) for one in passed[: _PASSED + 1]]
        if len(places) > _PASSED:
            raise UserError(_QUEUE_SHAPE)
        visitor = visitor_of(request)
        by = visitor.name if visitor.editor else None
        language = language_of(request)
        return await run_in_threadpool(queue.page, by, label or None, language, places)

    async def claims(request: Request) -> Any:
        editor = editor_of(request)
        places = list(_documents(await json_body(request)))
        return await run_in_threadpool(queue.renew, editor.name, places)

    async def decide(request: Request) -> Any:
        editor = editor_of(request)
        body = await json_body(request)
        tag, decision = body.get("tag"), body.get("decision")
        if not isinstance(tag, str) or not tag or decision not in ("accept", "reject"):
            raise UserError(_SHAPE)
        asked = _documents(body)
        return await run_in_threadpool(decisions.decide, editor.name, tag, decision, asked)

    async def undo(request: Request) -> Any:
        return await run_in_threadpool(decisions.undo, editor_of(request).name)

    async def take_back(request: Request) -> Any:
        editor = editor_of(request)
        body = await json_body(request)
        tag, documents = body.get("tag"), _documents(body)
        if not isinstance(tag, str) or not tag or len(documents) != 1:
            raise UserError('the body must be {"tag": …, "documents": […]} with one document')
        (place,) = documents
        where = settings.documents
        rules = decisions.rules
        return await run_in_threadpool(
            withdraw, client, where, rules, index, editor.name, tag, place
        )

    return [
        Route("/api/queue", answering(page), methods=["POST"]),
        Route("/api/queue/claims", answering(claims), methods=["POST"]),
        Route("/api/decisions", answering(decide), methods=["POST"]),
        Route("/api/decisions/undo", answering(undo), methods=["POST"]),
        Route("/api/decisions/withdraw", answering(take_back), methods=["POST"]),
    ]


def _documents(body: dict[str, Any]) -> dict[Place, str]:
    """Return the documents that a request names, with the digests of their texts."""
    documents = body.get("documents")
    if not isinstance(documents, list) or not 0 < len(documents) <= PAGE_OF_A_LABEL:
        raise UserError(_SHAPE)
    found: dict[Place, str] = {}
    for one in documents:
        place = _place(one, _SHAPE)
        digest = one.get("digest", "")
        if not isinstance(digest, str):
            raise UserError(_SHAPE)
        found[place] = digest
    return found


def _place(one: Any, shape: str) -> Place:
    """Return the place of a document that a request names.

    Raises:
        UserError: it is none; ``shape`` says what the body must be.
    """
    if not isinstance(one, dict):
        raise UserError(shape)
    index, id_, routing = one.get("index"), one.get("id"), one.get("routing")
    if not isinstance(index, str) or not isinstance(id_, str):
        raise UserError(shape)
    if not isinstance(routing, str | None):
        raise UserError(shape)
    return Place(index, id_, routing)
