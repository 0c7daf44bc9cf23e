"""Identifies processes of this machine, even if a later process has the same number."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on (None: no process, or a zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the program name in brackets, which may contain any characters.
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields


def began(pid: int) -> str | None:
    """Return boot id and start time in clock ticks, which differ for a later process with this pid.

    None if there is no such process.
    """
    fields = stat(pid)
    return None if fields is None else f"{_boot()}/{fields[19]}"


def this_process() -> dict[str, Any]:
    """Return the identity of this process for :func:`is_gone`, as JSON values."""
    return {"pid": os.getpid(), "began": began(os.getpid()), "sees": _sees()}


def is_gone(process: Mapping[str, Any]) -> bool:
    """Tell whether a process has certainly ended.

    The answer is False for a process on another machine, or in a container whose processes are not
    visible here.
    """
    started, pid = process.get("began"), process.get("pid")
    if not started or not isinstance(pid, int) or process.get("sees") != _sees():
        return False
    return bool(began(pid) != started)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _sees() -> str | None:
    """Return an id of the processes that are visible to each other."""
    try:
        return f"{_boot()}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path
    except OSError:
        return None


def user_name() -> str:
    """Return the name of the user who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name
        return f"user {os.getuid()}"
