"""Server processes that outlive the command, and are stopped only when they are surely ours."""

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

# In the environment of what we start, and so of its children: tells ours from others'.
_TOKEN = "STARTED_BY_LMTX_SEARCH"
_TICK = 0.1


@dataclass(frozen=True)
class Process:
    """A server that was started: enough to find it again and nothing else in its place."""

    name: str
    pid: int
    started: str
    """Boot id and start time in clock ticks: a later process with the same pid has another."""
    token: str
    log: str

    def record(self) -> dict[str, object]:
        """Return what servers.json keeps."""
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

    The log of the run before is kept as ``.1``.

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
    # Left alone on purpose; without this Python would warn that the child still runs.
    child.returncode = 0
    return Process(name, child.pid, began(child.pid) or "gone", token, str(log))


def is_alive(process: Process) -> bool:
    """Whether exactly that process still runs."""
    return began(process.pid) == process.started


def stop(process: Process, patience: float = 30.0) -> bool:
    """End the server and its children: asked first, killed after ``patience`` seconds.

    Returns:
        Whether anything of it was still running. A process that took over its pid is not touched.

    Raises:
        LmtxError: it belongs to another user.
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
    """Return the line of a server's log that most likely says why it ended."""
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
    """Pids of the server and of the children it left in its session."""
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
