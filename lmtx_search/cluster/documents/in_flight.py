"""How many bulk requests are in flight at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Requests wait for the tagger. With four in flight, a node with two cores always has work.
LEAST = 4
# Two more are better still if the tagger is fast. With a slow one, the last of six would wait
# longer than the cluster waits for a tagger.
MOST = 6
# The number rises while a request takes less than this for each one in flight.
QUICK_SECONDS = 0.5


class InFlight:
    """Lets a limited number of requests run at a time.

    Args:
        fixed: the number (None: :data:`LEAST`, and :data:`MOST` while requests are answered
            quickly).
    """

    def __init__(self, fixed: int | None = None) -> None:
        self.most = fixed or MOST
        self.allowed = fixed or LEAST
        self._fixed = fixed is not None
        self._running = 0
        self._changed = threading.Condition()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Wait until another request may run, and count it as running inside the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._running < self.allowed)
            self._running += 1
            beside = self._running
        started = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - started
            with self._changed:
                self._running -= 1
                if not self._fixed:
                    self.allowed = MOST if seconds < QUICK_SECONDS * beside else LEAST
                self._changed.notify_all()
