"""Standard streams that end no command: a reader that has ended, and streams that are closed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO, cast


class _Output(io.FileIO):
    """A descriptor that drops what is written once the program that reads it has ended.

    A command does what it was asked to do, whether anybody reads on (`… | head`) or not.
    """

    reader_ended = False

    def write(self, data: Any, /) -> int:
        """Write, or drop the data."""
        try:
            written = super().write(data)
        except BrokenPipeError:
            self.reader_ended = True
            # Libraries write to the descriptor too.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes
        return cast("int", written)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Give the block standard streams that are open and do not fail because nobody reads them."""
    before = sys.stdin, sys.stdout, sys.stderr
    if cast("TextIO | None", sys.stdin) is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        sys.stdin, sys.stdout, sys.stderr = before


def reader_ended(stream: IO[bytes]) -> bool:
    """Tell whether a stream is standard output, and the program that reads it has ended."""
    raw = getattr(stream, "raw", None)
    return isinstance(raw, _Output) and raw.reader_ended


def _lasting(stream: TextIO | None) -> TextIO:
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # it is no file
        return stream
    stream.flush()
    given = cast("io.TextIOWrapper", stream)
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(descriptor, "w", closefd=False)),
        encoding=given.encoding,
        errors=given.errors,
        line_buffering=given.line_buffering,
        write_through=given.write_through,
    )
