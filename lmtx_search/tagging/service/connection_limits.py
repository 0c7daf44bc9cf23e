"""Connections that wait for nothing: how many are held open, and how long."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 512
"""Open connections, well below the 1,024 files that a process may usually open."""

SECONDS = 30.0
"""A connection on which no request begins is closed after so long, and one whose answer nobody
reads."""


class BoundedConnection(H11Protocol):
    """A connection that ends when nothing whole is asked on it, or nothing read.

    Where there are too many, the one that has been without a whole request for longest makes room:
    who asks slowly, in order to keep others out, is the first to go.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection."""
        super().connection_made(transport)
        self._wait()
        there = [other for other in self.connections if isinstance(other, BoundedConnection)]
        # What was told to close is gone only with the loop's next round.
        there = [other for other in there if not other.transport.is_closing()]
        if len(there) > MOST:
            waiting = [other for other in there if not other._asked()]
            min(waiting, key=lambda other: other._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let it go."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what was sent; only a request's head stops the clock."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()

    def on_response_complete(self) -> None:
        """Wait for the next request, and for this one's answer to be read."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait()

    def _asked(self) -> bool:
        """Tell whether a whole request was sent that is not answered yet."""
        return not (self.cycle is None or self.cycle.response_complete or self.cycle.more_body)

    def _wait(self) -> None:
        self._stop()
        self._since = self.loop.time()
        self._timer = self.loop.call_later(SECONDS, self.transport.abort)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
