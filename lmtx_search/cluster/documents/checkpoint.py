"""How far a load of a file got, so that the same command continues after any end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from lmtx_search.errors import UserError


class Checkpoint:
    """A small file that says how many records of one file are dealt with, in one index.

    It counts only records before which none is open: what a killed run had in flight is sent
    again, under the same ids.
    """

    def __init__(self, folder: Path, file: Path | None, **identity: Any) -> None:
        """``identity``: everything that must be the same for a load to be continued.

        ``file`` is None where what is worked on is no file.
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
        """Return what was last written for exactly this load, or None."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        matches = isinstance(saved, dict) and saved.get("key") == self._key
        return saved["state"] if matches else None

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace what is noted, in one step."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            new.write_text(json.dumps({"key": self._key, "state": state}), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def clear(self) -> None:
        """Forget it: the load is complete."""
        self._path.unlink(missing_ok=True)


class FailedFile:
    """JSONL of what was not indexed: reason, and the document or the line as it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None

    def check(self, documents: Path) -> None:
        """See that it can be written and is not the file that is loaded; nothing is made yet.

        Raises:
            UserError: it cannot, or it is.
        """
        folder = self._path.absolute().parent
        if self._path.exists() and documents.exists() and self._path.samefile(documents):
            raise UserError(f"--failed would write over {documents}: name another file")
        if not folder.is_dir():
            raise UserError(f"cannot write {self._path}: there is no folder {folder}")
        if not os.access(self._path if self._path.exists() else folder, os.W_OK):
            raise UserError(f"cannot write {self._path}: permission denied")

    def open(self, keep: int = 0) -> None:
        """Start it, keeping the first bytes that an earlier run of the same load wrote.

        Raises:
            UserError: it cannot be written.
        """
        try:
            if not (keep and self._path.is_file() and self._path.stat().st_size >= keep):
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
        """Make it durable enough for a kill, and return its length in bytes."""
        assert self._stream is not None
        self._stream.flush()
        return self._stream.tell()

    def close(self) -> None:
        """Close it."""
        if self._stream is not None:
            self._stream.close()

    def __str__(self) -> str:
        return str(self._path)
