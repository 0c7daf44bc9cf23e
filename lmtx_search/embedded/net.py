"""Loopback ports and small HTTP requests."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lmtx_search.embedded.processes import Process, is_alive, last_error
from lmtx_search.errors import LmtxError

LOOPBACK = "127.0.0.1"
_TICK = 0.2
# Embedded servers are on this machine, so proxies of the environment are ignored.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(wanted: int | None = None, taken: set[int] | None = None) -> int:
    """Return ``wanted`` if it is free, else any free loopback port that is not in ``taken``."""
    if wanted and is_free(wanted) and wanted not in (taken or ()):
        return wanted
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in (taken or ()):
            return port


def ask(url: str, timeout: float = 5.0) -> dict[str, Any] | None:
    """Return the JSON object at an address (None: no such answer)."""
    try:
        with OPENER.open(url, timeout=timeout) as answer:
            value = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return value if isinstance(value, dict) else None


def answers(host: str, port: int) -> bool:
    """Return whether anything listens on this port."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def wait_for(ready: Callable[[], bool], name: str, seconds: float) -> None:
    """Wait until a server that another program runs answers.

    Raises:
        LmtxError: it did not answer in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LmtxError(f"{name} did not answer within {seconds:.0f} s")
        time.sleep(_TICK)


def wait_until(ready: Callable[[], bool], process: Process, seconds: float) -> None:
    """Wait until a started server answers.

    Raises:
        LmtxError: it ended or did not answer in time. The message has the last error in its log.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        log = Path(process.log)
        if not is_alive(process):
            raise LmtxError(f"{process.name} ended while starting: {last_error(log)} (log: {log})")
        if time.monotonic() > deadline:
            raise LmtxError(
                f"{process.name} did not answer within {seconds:.0f} s: {last_error(log)} "
                f"(log: {log})"
            )
        time.sleep(_TICK)
