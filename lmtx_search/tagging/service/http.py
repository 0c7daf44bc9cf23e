"""What the tagger's service and the web page share: bodies with a limit, and refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

SECONDS_TO_SEND = 30
"""A body that takes longer is refused, since it only occupies a connection."""

# Many clients read no answer before they have sent everything. A body of up to this many times the
# limit is therefore read to its end, and discarded.
_READ_AND_DISCARD = 4


async def read_body(
    request: Request, limit: int, take: Callable[[int], None] = lambda size: None
) -> bytes:
    """Return the body; ``take`` is called with the number of bytes that arrived.

    Raises:
        HTTPException: 413, the body is larger than ``limit`` bytes; 408, it did not arrive in time;
            400, the client disconnected.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _READ_AND_DISCARD * limit:
        raise _too_large(limit)
    try:
        return await asyncio.wait_for(_read(request, limit, take), SECONDS_TO_SEND)
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"the body did not arrive within {SECONDS_TO_SEND} s") from error
    except ClientDisconnect as error:
        raise HTTPException(
            400, "the connection closed before the whole body had arrived"
        ) from error


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
            if size > _READ_AND_DISCARD * limit:
                break
    if size > limit:
        raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the request is larger than {limit:,} bytes")
