"""Ports are free ones, and the same again where that is possible."""

from __future__ import annotations

import socket
import threading

from lmtx_search.embedded.net import LOOPBACK, answers, ask, free_port, is_free


def test_a_port_in_use_is_not_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(LOOPBACK, port)
        assert free_port(port) != port


def test_the_wanted_port_is_taken_where_it_is_free() -> None:
    port = free_port()
    assert free_port(port) == port
    assert free_port(port, taken={port}) != port


def test_another_protocol_is_no_answer() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                connection.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        assert ask(f"http://{LOOPBACK}:{server.getsockname()[1]}/") is None
        thread.join()


def test_where_nothing_answers_there_is_no_answer() -> None:
    port = free_port()
    assert ask(f"http://{LOOPBACK}:{port}/") is None
    assert not answers(LOOPBACK, port)
