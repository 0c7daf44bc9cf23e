"""Checks of this machine: installed packages and free disk space."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.settings import Settings
from lmtx_search.system.cores import usable_cores
from lmtx_search.training.run import can_train
from lmtx_search.version import __version__

_GIB = 1 << 30
# A training run, a tagger and an encoder's ONNX form need about 300 MB together.
_LEAST_FREE = 2 * _GIB


def machine_checks(settings: Settings) -> Iterator[Check]:
    """Return the checks."""
    yield Check("Machine", "lmtx-search", _installed)
    for name in ("data_dir", "cache_dir"):
        folder = getattr(settings, name)
        yield Check("Machine", name, partial(folder_finding, name, folder))


def _installed() -> Finding:
    found = f"{__version__}, Python {platform.python_version()}, {usable_cores()} cores"
    if not can_train():
        return Finding(
            "warn",
            f"{found}; no torch: everything except training works",
            "pip install 'lmtx-search[train,evaluation]' on the machine that trains",
        )
    return ok(f"{found}, can train")


def folder_finding(name: str, folder: Path) -> Finding:
    """Check that a folder can be written to, and its free space."""
    others = ", or use --data-dir" if name == "data_dir" else ""
    own = f"set {name} (LMTX_{name.upper()}) to a folder that you own{others}"
    try:
        there = next(path for path in (folder, *folder.parents) if _exists(path))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return Finding("bad", f"{folder} cannot be written", own)
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("bad", f"{folder} cannot be used: {error.strerror}", own)
    found = f"{folder}, {free / _GIB:,.1f} GiB free"
    if free < _LEAST_FREE:
        return Finding("warn", found, f"free some space, or set {name} to another disk")
    return ok(found)


def _exists(path: Path) -> bool:
    """Tell whether there is such a path; unlike ``Path.exists``, it never hides another error."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
