"""Tags the texts of requests that arrive together in one run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from lmtx_search.tagging.scoring.tagger import Decision, Tagger

_Request = tuple[Sequence[str], "Future[list[Decision]]"]

# A run with this many texts, a batch of the pipeline, takes no further request.
_TEXTS = 256


class Batcher:
    """One thread that runs a tagger over all texts that are waiting.

    ``on_run`` is called with the number of texts of each run.
    """

    def __init__(self, tagger: Tagger, on_run: Callable[[int], None] = lambda texts: None) -> None:
        self.tagger = tagger
        self._on_run = on_run
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="tagger", daemon=True)
        self._thread.start()

    def submit(self, texts: Sequence[str]) -> Future[list[Decision]]:
        """Queue texts; the future returns each text's tags and suggestions, in order."""
        future: Future[list[Decision]] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("this tagger was unloaded")
            self._waiting.put((texts, future))
        return future

    def close(self) -> None:
        """End the thread once all waiting requests are answered."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            requests, ended = self._joined(first)
            self._answer(requests)
            if ended:
                return

    def _joined(self, first: _Request) -> tuple[list[_Request], bool]:
        requests, count = [first], len(first[0])
        while count < _TEXTS:
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return requests, True
            requests.append(request)
            count += len(request[0])
        return requests, False

    def _answer(self, requests: list[_Request]) -> None:
        every = [text for texts, _ in requests for text in texts]
        self._on_run(len(every))
        try:
            decisions = self.tagger.decide(every)
        except BaseException as error:
            if len(requests) > 1:  # only the request that caused it may fail
                for request in requests:
                    self._answer([request])
            elif requests[0][1].set_running_or_notify_cancel():
                requests[0][1].set_exception(error)
            return
        start = 0
        for texts, future in requests:
            # A caller that went away has cancelled its future.
            if future.set_running_or_notify_cancel():
                future.set_result(decisions[start : start + len(texts)])
            start += len(texts)
