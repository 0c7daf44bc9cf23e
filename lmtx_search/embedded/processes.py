"""Starts server processes that outlive the command, and stops only those."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lmtx_search.embedded.places import Account
from lmtx_search.errors import LmtxError
from lmtx_search.system.process_identity import began, stat

# In the environment of started processes and their children, to identify them.
_TOKEN = "STARTED_BY_LMTX_SEARCH"
_TICK = 0.1


@dataclass(frozen=True)
class Process:
    """The identity of a started server, which no other process has."""

    name: str
    pid: int
    started: str
    """Boot id and start time in clock ticks, which differ for a later process with this pid."""
    token: str
    log: str

    def record(self) -> dict[str, object]:
        """Return the entry for servers.json."""
        return asdict(self)


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    environ: Mapping[str, str],
    account: Account | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it.

    The previous log is kept as ``.1``.

    Raises:
        LmtxError: the program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    token = uuid.uuid4().hex
    try:
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environ, _TOKEN: token},
                cwd=cwd or "/",
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
    except OSError as error:
        raise LmtxError(f"cannot start {name}: {command[0]}: {error.strerror}") from error
    # The child is meant to outlive this process. Without this, Python would warn about it.
    child.returncode = 0
    return Process(name, child.pid, began(child.pid) or "gone", token, str(log))


def is_alive(process: Process) -> bool:
    """Return whether exactly this process is still running."""
    return began(process.pid) == process.started


def stop(process: Process, patience: float = 30.0) -> bool:
    """Terminate the server and its children, and kill them after ``patience`` seconds.

    Returns:
        Whether any of them was running. A later process with the same pid is not touched.

    Raises:
        LmtxError: the server belongs to another user.
    """
    if not _members(process):
        return False
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        deadline = time.monotonic() + wait
        for pid in _members(process):
            _signal(process, pid, number)
        while time.monotonic() < deadline:
            if not _members(process):
                return True
            time.sleep(_TICK)
    raise LmtxError(f"{process.name} (process {process.pid}) does not end")


def last_error(log: Path) -> str:
    """Return the line of a server's log that most likely explains why it ended."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-2000:]
    except OSError:
        return "there is no log"
    lines = [line.strip() for line in lines if line.strip()]
    telling = ("Likely root cause:", "Caused by:", "FATAL", "ERROR", "Error", "error:", "Exception")
    for mark in telling:
        found = [line for line in lines if mark in line]
        if found:
            return found[-1][:300]
    return lines[-1][:300] if lines else "its log is empty"


def _signal(process: Process, pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise LmtxError(
            f"{process.name} (process {process.pid}) was started by another user: run "
            "`lmtx-search down` as that user"
        ) from error


def _members(process: Process) -> list[int]:
    """Return the pids of the server and of the children in its session."""
    found = [process.pid] if is_alive(process) else []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (pid := int(entry.name)) != process.pid:
            fields = stat(pid)
            if fields and fields[3] == str(process.pid) and _has_token(pid, process.token):
                found.append(pid)
    return found


def _has_token(pid: int, token: str) -> bool:
    try:
        return f"{_TOKEN}={token}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
