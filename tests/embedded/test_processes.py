"""Servers outlive their command, and only ours are stopped."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lmtx_search.embedded.net import wait_for, wait_until
from lmtx_search.embedded.processes import Process, is_alive, last_error, spawn, stop
from lmtx_search.errors import LmtxError

SLEEP = ["sleep", "600"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = spawn("a server", SLEEP, tmp_path / "x.log", os.environ)
    yield process
    stop(process)


def pids_of_session(session: int) -> list[int]:
    pids = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            # After the name in brackets: state, parent, group, session. A zombie has ended.
            state, _, _, of = status.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                pids.append(int(status.parent.name))
    return pids


def test_a_server_runs_until_it_is_stopped(sleeper: Process) -> None:
    assert is_alive(sleeper)
    assert stop(sleeper)
    assert not is_alive(sleeper)
    assert not stop(sleeper)


def test_it_is_out_of_reach_of_the_terminals_ctrl_c(sleeper: Process) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid != os.getsid(0)


def test_another_process_with_its_pid_is_not_stopped(sleeper: Process) -> None:
    boot, ticks = sleeper.started.split("/")
    ours = dataclasses.replace(sleeper, started=f"{boot}/{int(ticks) - 1}", token="other")
    assert not is_alive(ours)
    assert not stop(ours)
    assert is_alive(sleeper)


def test_a_pid_from_before_a_reboot_is_not_stopped(sleeper: Process) -> None:
    ticks = sleeper.started.split("/")[1]
    ours = dataclasses.replace(sleeper, started=f"another-boot/{ticks}", token="other")
    assert not stop(ours)
    assert is_alive(sleeper)


def test_children_of_a_server_that_died_are_stopped(tmp_path: Path) -> None:
    process = spawn("x", ["sh", "-c", "sleep 600 & sleep 600"], tmp_path / "x.log", os.environ)
    wait_for(lambda: len(pids_of_session(process.pid)) == 3, "sh", 10)
    os.kill(process.pid, signal.SIGKILL)
    assert stop(process)
    assert not stop(process)


def test_one_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "
    command = [sys.executable, "-c", deaf + "time.sleep(600)"]
    process = spawn("x", command, tmp_path / "x.log", os.environ)
    wait_until(lambda: "deaf" in (tmp_path / "x.log").read_text(), process, 10)
    assert stop(process, patience=0.3)
    assert not is_alive(process)


def test_a_server_that_ends_while_starting_tells_its_last_error(tmp_path: Path) -> None:
    script = "echo starting; echo 'ERROR: address already in use'; echo bye"
    process = spawn("a server", ["sh", "-c", script], tmp_path / "x.log", os.environ)
    with pytest.raises(LmtxError, match="a server ended while starting: ERROR: address already"):
        wait_until(lambda: False, process, 10)


def test_a_server_that_does_not_answer_is_given_up(sleeper: Process) -> None:
    with pytest.raises(LmtxError, match=r"did not answer within 0 s: its log is empty"):
        wait_until(lambda: False, sleeper, 0.3)


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LmtxError, match=r"cannot start a server: /nowhere/x: No such file"):
        spawn("a server", ["/nowhere/x"], tmp_path / "x.log", os.environ)


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for word in ("one", "two"):
        process = spawn("x", ["echo", word], log, os.environ)
        wait_for(lambda process=process: not is_alive(process), "echo", 10)
    assert (log.read_text(), log.with_suffix(".log.1").read_text()) == ("two\n", "one\n")


def test_the_root_cause_is_preferred_to_what_follows_it(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("[ERROR] uncaught\nLikely root cause: no disk\nFor complete error details\n")
    assert last_error(log) == "Likely root cause: no disk"
