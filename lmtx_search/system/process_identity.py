"""Processes of this machine, told apart from later ones with the same number."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on; None for no process or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the program's name in brackets and may hold anything.
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields


def began(pid: int) -> str | None:
    """Return boot id and start time in clock ticks: a later process with the same pid has another.

    None where there is no such process.
    """
    fields = stat(pid)
    return None if fields is None else f"{_boot()}/{fields[19]}"


def this_process() -> dict[str, Any]:
    """Return what :func:`is_gone` needs to know of this process, as JSON values."""
    return {"pid": os.getpid(), "began": began(os.getpid()), "sees": _sees()}


def is_gone(process: Mapping[str, Any]) -> bool:
    """Tell whether a process has surely ended.

    Of one on another machine, or in a container whose processes cannot be seen from here, nobody
    can tell.
    """
    started, pid = process.get("began"), process.get("pid")
    if not started or not isinstance(pid, int) or process.get("sees") != _sees():
        return False
    return bool(began(pid) != started)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _sees() -> str | None:
    """Return what all processes that see each other have in common."""
    try:
        return f"{_boot()}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path
    except OSError:
        return None
