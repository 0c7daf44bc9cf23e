"""Limits on open connections: how many there are, and how long an idle one stays."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 512
"""Most open connections, well below the 1,024 files that a process may usually open."""

SECONDS = 30.0
"""A connection is closed if the client does not send a whole request head, or does not read its
answer, for this long."""


class BoundedConnection(H11Protocol):
    """A connection that is closed when the client sends no whole request or reads no answer.

    If there are too many connections, the one that has waited longest for a whole request is
    closed. A client that sends slowly in order to keep others out is therefore closed first.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection."""
        super().connection_made(transport)
        self._wait()
        there = [other for other in self.connections if isinstance(other, BoundedConnection)]
        # A connection that was aborted leaves the set only in the loop's next iteration.
        there = [other for other in there if not other.transport.is_closing()]
        if len(there) > MOST:
            waiting = [other for other in there if not other._has_request()]
            min(waiting, key=lambda other: other._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer of a closed connection."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive bytes; only a complete request head stops the timer."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()

    def on_response_complete(self) -> None:
        """Start the timer for reading this answer and for sending the next request."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait()

    def _has_request(self) -> bool:
        """Return whether a whole request has arrived that is not answered yet."""
        return not (self.cycle is None or self.cycle.response_complete or self.cycle.more_body)

    def _wait(self) -> None:
        self._stop()
        self._since = self.loop.time()
        self._timer = self.loop.call_later(SECONDS, self.transport.abort)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
