"""Writing judgments while others are being asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from lmtx_search.records import Judgment


class Keeper:
    """Writes judgments as they come, in a thread of its own, so that the judge never waits.

    A write begins as soon as the one before it is done, with all that has come meanwhile. When a
    process is killed, only the answers of the write under way, and those that came during it, are
    lost. Leaving the block writes what is left.

    Args:
        add: writes judgments; they are safe when it returns.

    Raises:
        Exception: what ``add`` raised, from the next ``keep`` or at the end of the block.
    """

    def __init__(self, add: Callable[[list[Judgment]], None]) -> None:
        self._add = add
        self._waiting: list[Judgment] = []
        self._changed = threading.Condition()
        self._closed = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._write, name="judgments", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        if error is None:
            self._raise_failure()

    def keep(self, judgment: Judgment) -> None:
        """Have a judgment written."""
        self._raise_failure()
        with self._changed:
            self._waiting.append(judgment)
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                self._add(batch)
            except BaseException as failure:  # told by the thread that keeps
                self._failure = failure
                return

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
