"""Finds ids that occur twice in one file with different content."""

from __future__ import annotations

import hashlib
import sqlite3


class RepeatedIds:
    """Stores the ids of a file and a digest of the content of each, in bounded memory.

    SQLite moves the table to a hidden temporary file when it grows large.
    """

    def __init__(self) -> None:
        self._known = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._known.execute("PRAGMA journal_mode = OFF")
        self._known.execute(
            "CREATE TABLE known (id BLOB PRIMARY KEY, content BLOB, line INTEGER) WITHOUT ROWID"
        )
        self._known.execute("BEGIN")

    def earlier(self, id: str, content: str, line: int) -> int | None:
        """Return the line of the id's last occurrence, if its content was different.

        Args:
            content: the content of the id on this ``line`` (0: no line number).
        """
        key, digest = _digest(id), _digest(content)
        found = self._known.execute("SELECT content, line FROM known WHERE id = ?", (key,))
        last = found.fetchone()
        if last is not None and last[0] == digest:
            return None
        self._known.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (key, digest, line))
        return None if last is None else int(last[1])

    def close(self) -> None:
        """Delete the stored ids."""
        self._known.close()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
