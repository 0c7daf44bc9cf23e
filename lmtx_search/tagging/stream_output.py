"""The file that a stream of tagged records goes to, which an interrupted run can continue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields


@contextmanager
def opened_output(path: Path) -> Iterator[tuple[IO[bytes], int, bytes]]:
    """Open a file for appending; yield it, the number of its finished lines, and the last of them.

    A line that an interrupted run left without its end is removed.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        file = path.open("r+b" if path.exists() else "w+b")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    with file:
        count, end, last = 0, 0, b""
        for line in file:
            if not line.endswith(b"\n"):
                break
            count, end, last = count + 1, end + len(line), line
        file.seek(end)
        file.truncate()
        yield file, count, last


def skip_finished(
    lines: Iterator[bytes], finished: int, last: bytes, output: Path, names: TagFields, tagger: str
) -> None:
    """Read the lines of the input that are in the output already.

    Args:
        last: the last finished line of the output.
        tagger: the version that tags the rest.

    Raises:
        UserError: the output belongs to another input, or another tagger wrote it.
    """
    line = b""
    for number in range(finished):
        found = next(lines, None)
        if found is None:
            raise UserError(
                f"{output} has {finished:,} lines and the input only {number:,}: give the input "
                "that it belongs to, or another --output"
            )
        line = found
    if not finished or not last.strip():
        return
    record = json.loads(last)
    if not _same(line, record, names):
        raise UserError(
            f"line {finished:,} of {output} belongs to another input: give another --output, or "
            "delete the file"
        )
    before = (record.get(names.tagging) or {}).get("tagger")
    if before not in (None, tagger):
        raise UserError(
            f"{output} was written with the tagger {before}, not {tagger}: continue with "
            f"--tagger {before}, or give another --output"
        )


def _same(line: bytes, record: dict[str, Any], names: TagFields) -> bool:
    """Return whether a finished record was made of a line of the input."""
    if set(record) == {"line", "error"}:
        return bool(record["line"] == line.decode(errors="replace").rstrip("\r\n"))
    try:
        source = json.loads(line)
    except ValueError:
        return False
    return isinstance(source, dict) and names.without(source) == names.without(record)
