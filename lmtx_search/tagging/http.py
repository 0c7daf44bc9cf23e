"""What the tagger's service and the web page have in common: bodies with a limit, refusals."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body.

    Raises:
        HTTPException: 413, it is larger than ``limit`` bytes; the rest is not read.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise HTTPException(413, f"the request is larger than {limit:,} bytes")
    return bytes(body)


async def refused(request: Request, error: Exception) -> Response:
    """Answer an ``HTTPException`` with ``{"error": one line}``."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
