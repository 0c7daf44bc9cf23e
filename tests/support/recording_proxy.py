"""A proxy in front of the real Ollama that notes what it was asked and what it answered."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.http_server import QuietHandler, serving


class Record:
    """Prompts in the order in which they were asked, and answered."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answered: list[str] = []
        self._changed = threading.Condition()

    def note(self, prompts: list[str], prompt: str) -> None:
        with self._changed:
            prompts.append(prompt)
            self._changed.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until something that was noted makes it true."""
        with self._changed:
            assert self._changed.wait_for(until, timeout=240)


@contextmanager
def recording_proxy(target: str) -> Iterator[tuple[str, Record]]:
    """Pass requests on to ``target``; yield the proxy's address and its record."""
    record = Record()

    class Handler(QuietHandler):
        def _pass_on(self, body: bytes | None) -> None:
            request = urllib.request.Request(f"{target}{self.path}", data=body)
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=120) as response:
                    status, data = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, data = error.code, error.read()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            prompt = json.loads(body).get("prompt")
            if prompt is None:
                self._pass_on(body)
                return
            record.note(record.asked, prompt)
            try:
                self._pass_on(body)
            except OSError:  # who asked is dead
                return
            record.note(record.answered, prompt)

    with serving(Handler) as url:
        yield url, record
