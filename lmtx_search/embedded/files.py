"""Writes files completely or not at all, checks digests, and explains full disks."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from lmtx_search.errors import LmtxError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CHUNK = 1 << 20
_PARTIAL = ".partial-"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, which is read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def check_digest(path: Path, sha256: str | Collection[str], name: str) -> None:
    """Compare a downloaded file with its pinned digest, or with one digest for each platform.

    Raises:
        LmtxError: it differs.
    """
    found = sha256_of(path)
    wanted = [sha256] if isinstance(sha256, str) else list(sha256)
    if found not in wanted:
        first, *others = wanted
        expected = f"{first[:16]}…" + (f" or one of {len(others)} others" if others else "")
        raise LmtxError(
            f"{name} is not the expected file: its SHA-256 is {found[:16]}…, expected "
            f"{expected}; nothing was kept. Run the same command again. If that does not help, "
            "check whether a proxy or mirror changes downloads"
        )


@contextmanager
def disk_full_is_one_line(folder: Path, doing: str) -> Iterator[None]:
    """Report a full disk, a quota or a file size limit in one line with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise LmtxError(
            f"no space left in {folder} while {doing}: free some space, or set LMTX_CACHE_DIR "
            "to a folder on another disk, then run the same command again"
        ) from error


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Create a folder on the same disk as ``parent`` and remove it after the block."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=parent))
    try:
        yield folder
    finally:
        remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Delete a folder, even one with read-only parts (the module cache of Go)."""
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o755)
    shutil.rmtree(folder)


def sweep(parent: Path) -> None:
    """Delete the partial files of killed commands. No other command may be running."""
    for path in parent.glob(f"{_PARTIAL}*"):
        if path.is_dir():
            remove_folder(path)
        else:
            path.unlink()


def place_folder(source: Path, target: Path) -> None:
    """Move a finished folder to its place in one step, replacing an older one."""
    remove_folder(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def write_atomically(path: Path, text: str) -> None:
    """Write a small text file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def megabytes(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Turn a counter of megabytes into a counter of bytes."""
    pending = 0

    def add(count: int) -> None:
        nonlocal pending
        pending += count
        whole, pending = divmod(pending, 1_000_000)
        if whole:
            advance(whole)

    return add
