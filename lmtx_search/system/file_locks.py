"""Locks between commands, held by a file. The system releases them when a command dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold the lock for the block.

    Raises:
        LmtxError: another command holds it.
    """

    def refuse(handle: int) -> None:
        holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
        raise LmtxError(
            f"{what} is already running (process {holder or 'unknown'}): wait for it to end"
        )

    with _held(path, refuse):
        yield


@contextmanager
def one_after_another(path: Path, what: str, progress: Progress = SILENT) -> Iterator[None]:
    """Hold the lock for the block. Wait first while another command holds it."""

    def wait(handle: int) -> None:
        with progress.stage(f"Waiting for another command that {what}"):
            fcntl.flock(handle, fcntl.LOCK_EX)

    with _held(path, wait):
        yield


@contextmanager
def _held(path: Path, if_taken: Callable[[int], None]) -> Iterator[None]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not _try(handle):
                if_taken(handle)
            # The last holder may have removed the file, and the next one would hold another one.
            if not _is_at(handle, path):
                continue
            _sign(handle)
            yield
            return
        finally:
            os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(handle: int) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
