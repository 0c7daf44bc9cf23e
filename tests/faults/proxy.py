"""A proxy in front of a real server that spoils what tests tell it to."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.support.http_server import QuietHandler, serving


class Exchange:
    """One request, and what can be done with it."""

    def __init__(self, handler: BaseHTTPRequestHandler, target: str) -> None:
        self._handler = handler
        self._target = target
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.what = f"{handler.command} {handler.path}"

    def ask(self) -> tuple[int, str, bytes]:
        """Pass the request on; return status, content type and body of the real answer."""
        where = urlsplit(self._target)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=300)
        kind = self._handler.headers.get("Content-Type", "application/json")
        try:
            connection.request(
                self._handler.command, self._handler.path, self.body or None, {"Content-Type": kind}
            )
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()

    def has_body(self, data: bytes) -> bool:
        """Tell whether the answer to this request has a body."""
        return bool(data) and self._handler.command != "HEAD"

    def answer(self, status: int, kind: str, data: bytes, only: int | None = None) -> None:
        """Send an answer, or the first bytes of it."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        self._handler.send_header("Content-Length", str(len(data)))
        self._handler.end_headers()
        if self._handler.command != "HEAD":
            self._handler.wfile.write(data[:only])
        self._handler.wfile.flush()

    def write(self, data: bytes) -> None:
        """Send more of an answer."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection as it is."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)


Fault = Callable[[Exchange], None]
Rule = Callable[[str], Fault | None]


def pass_on(exchange: Exchange) -> None:
    """No fault; where the real server is away, this one is too."""
    try:
        found = exchange.ask()
    except (OSError, http.client.HTTPException):
        exchange.hang_up()
    else:
        exchange.answer(*found)


def refuse(exchange: Exchange) -> None:
    """Nothing reaches the server."""
    exchange.hang_up()


def cut(exchange: Exchange) -> None:
    """The server does what it was asked, and its answer breaks off in the middle."""
    status, kind, data = exchange.ask()
    if exchange.has_body(data):
        exchange.answer(status, kind, data, only=len(data) // 2)
    # An answer without a body would be whole, and the client would send its next request on a
    # connection that is about to close: a fault of another kind, and of another request.
    exchange.hang_up()


def busy(status: int) -> Fault:
    """Return the fault of a server that has no time (429), or is not ready (503)."""
    error = {"type": "rejected_execution_exception", "reason": "queue is full"}
    body = json.dumps({"error": {"root_cause": [error], **error}, "status": status}).encode()
    return lambda exchange: exchange.answer(status, "application/json", body)


def silent(exchange: Exchange, seconds: float = 4.0) -> None:
    """Nothing reaches the server, and no answer comes while the client waits."""
    time.sleep(seconds)
    exchange.hang_up()


def one_byte_a_second(exchange: Exchange, seconds: int = 4) -> None:
    """The answer comes byte by byte; after some seconds the line is good again."""
    status, kind, data = exchange.ask()
    exchange.answer(status, kind, data, only=0)
    for place in range(min(seconds, len(data))):
        time.sleep(1.0)
        exchange.write(data[place : place + 1])
    exchange.write(data[seconds:])


def after(do: Callable[[], object]) -> Fault:
    """Return: the server does what it was asked, then ``do`` happens, and no answer comes."""

    def fault(exchange: Exchange) -> None:
        exchange.ask()
        do()
        exchange.hang_up()

    return fault


def before(do: Callable[[], object]) -> Fault:
    """Return: ``do`` happens, then the request is passed on."""

    def fault(exchange: Exchange) -> None:
        do()
        pass_on(exchange)

    return fault


def nth(pattern: str, number: int, fault: Fault) -> Rule:
    """Return the rule that spoils the n-th request (from 1) of a pattern, and nothing else."""
    lock, seen = threading.Lock(), [0]

    def rule(what: str) -> Fault | None:
        with lock:
            seen[0] += bool(re.search(pattern, what))
            hit = seen[0] == number and re.search(pattern, what)
            return fault if hit else None

    return rule


def first_of_each(fault: Fault, times: int = 1) -> Rule:
    """Return the rule that spoils each kind of request the first times that it comes."""
    lock, seen = threading.Lock(), dict[str, int]()

    def rule(what: str) -> Fault | None:
        kind = re.sub(r"[0-9A-Za-z_-]{20,}|\d+", "#", what.split("?")[0])
        with lock:
            seen[kind] = seen.get(kind, 0) + 1
            return fault if seen[kind] <= times else None

    return rule


@contextmanager
def spoiled(target: str, *rules: Rule) -> Iterator[str]:
    """Stand before ``target``; yield the address of what stands there.

    A test in which one of the rules spoiled nothing shows nothing, and fails.
    """
    lock, spoilt = threading.Lock(), set[int]()

    def fault_of(what: str) -> Fault:
        # Each rule counts the requests, also those that another one spoils.
        found = {number: fault for number, rule in enumerate(rules) if (fault := rule(what))}
        with lock:
            spoilt.update(found)
        return next(iter(found.values()), pass_on)

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            exchange = Exchange(self, target)
            try:
                fault_of(exchange.what)(exchange)
            except (OSError, http.client.HTTPException):  # one of the two is gone
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    with serving(Handler) as url:
        yield url
    unused = [number for number in range(len(rules)) if number not in spoilt]
    assert not unused, f"no request was spoiled by the rules {unused} (from 0)"
