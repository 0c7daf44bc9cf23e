"""Limits on the requests that a service has accepted and not yet answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

MOST_REQUESTS = 128
"""Most requests that wait for the tagger. With 128 texts each, they are minutes of work. The
cluster's connector gives up after one minute, so a request that would wait longer is refused at
once."""

MOST_BYTES = 256 * 1024 * 1024
"""Most bytes of their bodies together, received completely or in part."""

SECONDS_TO_RETRY = 5


class RequestLimits:
    """How many requests, and bytes of bodies, a service still accepts. For one event loop.

    A request's share becomes free again when the request is answered.
    """

    def __init__(self, requests: int = MOST_REQUESTS, size: int = MOST_BYTES) -> None:
        self._requests = requests
        self._bytes = size

    @contextmanager
    def body(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that reserves a number of further bytes until the block ends.

        Raises:
            HTTPException: 503, raised by that function if the limit is reached.
        """
        reserved = 0

        def take(size: int) -> None:
            nonlocal reserved
            if size > self._bytes:
                raise _full()
            self._bytes -= size
            reserved += size

        try:
            yield take
        finally:
            self._bytes += reserved

    @contextmanager
    def request(self) -> Iterator[None]:
        """Reserve the place of a waiting request until the block ends.

        Raises:
            HTTPException: 503, the limit is reached.
        """
        if self._requests < 1:
            raise _full()
        self._requests -= 1
        try:
            yield
        finally:
            self._requests += 1


def _full() -> HTTPException:
    return HTTPException(
        503,
        "too many requests are waiting: try again later",
        {"Retry-After": str(SECONDS_TO_RETRY)},
    )
