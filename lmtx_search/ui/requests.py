"""What the page's JSON addresses share: reading requests, and answering with JSON or one line."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lmtx_search.cluster.client.errors import translate
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.tagging.service.http import read_body

MAX_BODY = 1024 * 1024
"""Most bytes of a request; the longest requests hold a text to try."""

_LANGUAGE = re.compile(
    r"(?P<tag>[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)\s*(;\s*q\s*=\s*(?P<q>[01](\.\d{0,3})?))?"
)

_DIGITS = 20

Endpoint = Callable[[Request], Awaitable[Response]]


def answering(call: Callable[[Request], Awaitable[Any]]) -> Endpoint:
    """Return an endpoint for a function that returns JSON or raises a one-line error."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = await call(request)
            return answer if isinstance(answer, Response) else JSONResponse(answer)
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


async def json_body(request: Request) -> dict[str, Any]:
    """Return the body of a request.

    Raises:
        UserError: it is not a JSON object.
    """
    data = await read_body(request, MAX_BODY)
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UserError("the body must be a JSON object")
    return value


def language_of(request: Request) -> str | None:
    """Return the language that the browser prefers: the first of those with the highest ``q``.

    The next ones are not tried: tags are in a language that is not known, and where it is the one
    that the browser prefers, its labels have no translation.
    """
    best, highest = None, 0.0
    for entry in request.headers.get("accept-language", "").split(","):
        found = _LANGUAGE.fullmatch(entry.strip())
        weight = float(found["q"] or 1) if found else 0.0
        if found and weight > highest:
            best, highest = found["tag"].lower(), weight
    return best


def number(request: Request, name: str, default: int, most: int) -> int:
    """Return a number from the address, from 0 to ``most``.

    Raises:
        UserError: it is none.
    """
    value = request.query_params.get(name, str(default))
    # Python refuses to read numbers of thousands of digits.
    short = len(value) <= _DIGITS
    if not (short and value.isascii() and value.isdigit() and int(value) <= most):
        raise UserError(f"{name} must be a number from 0 to {most:,}")
    return int(value)
