"""How much a service holds of requests that it has not answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

MOST_REQUESTS = 128
"""Requests that wait for the tagger: of 128 texts each, minutes of work. The cluster's connector
gives up after one, so a request that would come last is refused at once instead."""

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of their bodies, whether they are there already or still being sent."""

SECONDS_TO_RETRY = 5


class Room:
    """What is taken of it is given back when a request is answered. For one event loop."""

    def __init__(self, requests: int = MOST_REQUESTS, size: int = MOST_BYTES) -> None:
        self._requests = requests
        self._bytes = size

    @contextmanager
    def for_body(self) -> Iterator[Callable[[int], None]]:
        """Give what takes room for so many further bytes.

        Raises:
            HTTPException: 503, when called: there is none.
        """
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if size > self._bytes:
                raise _full()
            self._bytes -= size
            mine += size

        try:
            yield take
        finally:
            self._bytes += mine

    @contextmanager
    def for_request(self) -> Iterator[None]:
        """Take room for a request that waits.

        Raises:
            HTTPException: 503, there is none.
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
        "too many requests under way: ask again later",
        {"Retry-After": str(SECONDS_TO_RETRY)},
    )
