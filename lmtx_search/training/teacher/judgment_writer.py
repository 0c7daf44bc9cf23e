"""Writes judgments to the store while the judge answers the next pairs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from lmtx_search.records import Judgment


class JudgmentWriter:
    """Writes judgments in a thread of its own, so that the judge never waits for the store.

    A write starts as soon as the previous one is done and takes all judgments that have arrived
    since. If the process is killed, only the judgments of the current write and those that arrived
    during it are lost. Leaving the block writes the rest.

    Args:
        add: writes judgments to the store. They are safe when it returns.

    Raises:
        Exception: the error of ``add``, at the next :meth:`write` or at the end of the block.
    """

    def __init__(self, add: Callable[[list[Judgment]], None]) -> None:
        self._add = add
        self._waiting: list[Judgment] = []
        self._changed = threading.Condition()
        self._closed = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._write_batches, name="judgments", daemon=True)

    def __enter__(self) -> JudgmentWriter:
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

    def write(self, judgment: Judgment) -> None:
        """Queue a judgment for the next write."""
        self._raise_failure()
        with self._changed:
            self._waiting.append(judgment)
            self._changed.notify()

    def _write_batches(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                self._add(batch)
            except BaseException as failure:  # raised in the thread that queues judgments
                self._failure = failure
                return

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
