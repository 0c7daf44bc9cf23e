"""What the tagger's service and the web page have in common: bodies with a limit, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

SECONDS_TO_SEND = 30
"""A body that is sent more slowly holds a connection for nothing."""

# Many clients read no answer before they have sent everything; what is a little too large is
# therefore read to its end, and forgotten.
_HEARD_OUT = 4


async def read_body(
    request: Request, limit: int, take: Callable[[int], None] = lambda size: None
) -> bytes:
    """Return the body; ``take`` is called with the number of bytes that arrived.

    Raises:
        HTTPException: 413, it is larger than ``limit`` bytes; 408, it was not there in time; 400,
            who sends it went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _HEARD_OUT * limit:
        raise _too_large(limit)
    try:
        return await asyncio.wait_for(_read(request, limit, take), SECONDS_TO_SEND)
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"the body was not there within {SECONDS_TO_SEND} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the body ended before its end") from error


async def refused(request: Request, error: Exception) -> Response:
    """Answer an ``HTTPException`` with ``{"error": one line}``."""
    assert isinstance(error, HTTPException)
    line = " ".join(str(error.detail).split())
    return JSONResponse({"error": line}, error.status_code, error.headers)


async def _read(request: Request, limit: int, take: Callable[[int], None]) -> bytes:
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= limit:
            take(len(part))
            body += part
        else:
            body.clear()
            if size > _HEARD_OUT * limit:
                break
    if size > limit:
        raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the request is larger than {limit:,} bytes")
