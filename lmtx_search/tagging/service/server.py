"""Runs the HTTP tagger until a signal stops it."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.tagging.service.connection_limits import BoundedConnection

# Requests in progress may finish; the cluster's connector gives up after a minute anyway.
_SECONDS_TO_STOP = 30
_NO_ADDRESS = "{} is not an address of this machine: give another one with --host"


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        UserError: the port is in use, or the address does not belong to this machine.
        LmtxError: the address cannot be used for another reason.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UserError(_NO_ADDRESS.format(host)) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {port} on {host} is in use: stop what listens there, or choose another "
                "with --port"
            ) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise UserError(_NO_ADDRESS.format(host)) from error
        raise LmtxError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser opens."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def serve(app: Starlette, listener: socket.socket, started: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C, and then those in progress.

    ``started`` is called before the first request is accepted.
    """
    started()
    server_of(app).run(sockets=[listener])


def server_of(app: Starlette) -> uvicorn.Server:
    """Return the server of an app, with the limits of ``connection_limits.py``."""
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        # A line for each request that is not HTTP would let a stranger fill the log.
        log_level="error",
        access_log=False,
        # The address of a request is that of its sender, whatever the sender says.
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=_SECONDS_TO_STOP,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal and return normally: a requested stop is not an error."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
