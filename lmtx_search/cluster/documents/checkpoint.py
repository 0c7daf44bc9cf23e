"""Records the progress of a load, so that the same load continues after an interruption."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from lmtx_search.errors import UserError


class Checkpoint:
    """A small file that records how many records of a file are finished in one index.

    A record counts as finished when all records before it are finished too. Records that a killed
    run had in flight are sent again, with the same ids.
    """

    def __init__(self, folder: Path, file: Path | None, **identity: Any) -> None:
        """Find the checkpoint of one load.

        Args:
            folder: folder of the checkpoints.
            file: the file that is loaded; its path, size and time are part of the identity. None if
                the load does not read a file.
            identity: all other values that must be equal for the load to continue.
        """
        key = dict(identity)
        if file is not None:
            status = file.stat()
            key |= {
                "file": str(file.resolve()),
                "size": status.st_size,
                "modified": status.st_mtime_ns,
            }
        self._key = json.loads(json.dumps(key))
        name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
        self._path = folder / f"{name}.json"

    def read(self) -> dict[str, Any] | None:
        """Return the last state of exactly this load, or None."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        matches = isinstance(saved, dict) and saved.get("key") == self._key
        return saved["state"] if matches else None

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the state in one step, so that a kill leaves the old state or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            new.write_text(json.dumps({"key": self._key, "state": state}), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def clear(self) -> None:
        """Delete the state: the load is complete."""
        self._path.unlink(missing_ok=True)


def index_identity(settings: Mapping[str, str]) -> str:
    """Return an id that an index keeps as long as it keeps its documents.

    A later index of the same name has another one. So has an index over which a snapshot was
    restored: it keeps its UUID, but the cluster gives it a new history. An index without a restore
    has none, and its id is its UUID.

    Args:
        settings: of the index, with dotted keys.
    """
    history = settings.get("index.history.uuid")
    uuid = settings["index.uuid"]
    return uuid if history is None else f"{uuid}/{history}"


class FailedFile:
    """A JSONL file of what was not indexed: the reason, and the unchanged document or line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None

    def check(self, documents: Path | None = None) -> None:
        """Check that the file can be written, without creating it.

        Args:
            documents: the file that is loaded, if the load reads one.

        Raises:
            UserError: the file cannot be written, or it is the file that is loaded.
        """
        folder = self._path.absolute().parent
        if documents and self._same_as(documents):
            raise UserError(
                f"cannot write failures to {self._path}: it is the file that is loaded; choose "
                "another file (--failed)"
            )
        if not folder.is_dir():
            raise UserError(f"cannot write {self._path}: there is no folder {folder}")
        if not os.access(self._path if self._path.exists() else folder, os.W_OK):
            raise UserError(f"cannot write {self._path}: permission denied")

    def _same_as(self, other: Path) -> bool:
        return self._path.exists() and other.exists() and self._path.samefile(other)

    def require(self, failures: int, earlier: str, keep: int) -> None:
        """Check that the file holds what failed in the part of a load that is done.

        Args:
            failures: number of these.
            earlier: the file that they were written to ("None": to none).
            keep: its length in bytes.

        Raises:
            UserError: it does not.
        """
        there = earlier != "None" and Path(earlier).resolve() == self._path.resolve()
        if not failures or (there and self._has(keep)):
            return
        done = f"{failures:,} failures are from the part of this load that is done, and"
        if earlier == "None":
            raise UserError(
                f"{done} no file has them: load with --from-start, or continue without --failed"
            )
        if there:
            raise UserError(f"{done} {self._path} no longer has them: load with --from-start")
        raise UserError(
            f"{done} {self._path} lacks them: continue with --failed {earlier}, or load with "
            "--from-start"
        )

    def _has(self, length: int) -> bool:
        return self._path.is_file() and self._path.stat().st_size >= length

    def open(self, keep: int = 0) -> None:
        """Start the file; keep the first ``keep`` bytes, which an earlier run of the load wrote.

        Raises:
            UserError: the file cannot be written.
        """
        try:
            if not (keep and self._has(keep)):
                self._path.write_bytes(b"")
                keep = 0
            self._stream = self._path.open("r+b")
            self._stream.truncate(keep)
            self._stream.seek(keep)
        except OSError as error:
            raise UserError(f"cannot write {self._path}: {error.strerror}") from error

    def add(self, entry: bytes) -> None:
        """Append one JSON object."""
        assert self._stream is not None
        self._stream.write(entry + b"\n")

    def flush(self) -> int:
        """Write buffered entries, so that they survive a kill; return the length in bytes."""
        assert self._stream is not None
        self._stream.flush()
        return self._stream.tell()

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()

    def __str__(self) -> str:
        # The whole path, because a load may continue in another folder.
        return str(self._path.resolve())
