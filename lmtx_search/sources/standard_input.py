"""Standard input as a source of documents and labels: read once, or copied to be read again."""

from __future__ import annotations

import gzip
import io
import re
import shutil
import signal
import sys
import tempfile
import threading
import weakref
import zipfile
from pathlib import Path
from types import FrameType
from typing import BinaryIO, TextIO, cast

from lmtx_search.errors import UserError

GZIP = b"\x1f\x8b\x08"
"""The first bytes of what gzip has packed."""

# As many bytes as tell what packed a file.
_MARK = 10
_STARTS = {
    b"%PDF": ".pdf",
    b"\xd0\xcf\x11\xe0": ".xls",
    b"<": ".html",
}
# The head of a mail: a line of a mailbox, fields, and the lines that continue them.
_HEAD = re.compile(rb"(?:From .*\d\d:\d\d.*\n)?(?:[!-9;-~]+:.*\n?(?:[ \t].*\n?)*)+")
# Notes also begin with a word and a colon; only mail has one of these fields.
_FIELD_OF_MAIL = re.compile(
    rb"^(?:From|To|Cc|Sender|Reply-To|Subject|Date|Message-ID|Received|Return-Path|Delivered-To"
    rb"|MIME-Version|Content-Type|DKIM-Signature|X-Mozilla-Status):",
    re.IGNORECASE | re.MULTILINE,
)
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")
# A member of an archive, and what its content (for the member `mimetype`) tells.
_MEMBERS = {
    "word/document.xml": ".docx",
    "ppt/presentation.xml": ".pptx",
    "xl/workbook.xml": ".xlsx",
}
_TYPES = {
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
# The copy for each stream that was standard input.
_copies: weakref.WeakKeyDictionary[object, Path] = weakref.WeakKeyDictionary()


def is_standard_input(path: Path) -> bool:
    """Return whether a path means standard input."""
    return str(path) == "-"


def keep_standard_input() -> Path:
    """Copy standard input to a temporary file, unpacked; return that file.

    Until the end of the process, standard input is read from this file, as often as needed. SIGTERM
    and SIGHUP become KeyboardInterrupt, so that the file is removed then too.

    Raises:
        UserError: there is no room for the copy, or standard input is closed.
        OSError, EOFError, zlib.error: the input is damaged gzip.
    """
    stdin = _stdin()
    if stdin not in _copies:
        try:
            _interrupt_at_the_end()
            folder = Path(tempfile.mkdtemp(prefix="lmtx-search-"))
            weakref.finalize(stdin, shutil.rmtree, folder, ignore_errors=True)
            file = folder / "standard-input"
            with file.open("wb") as copy:
                shutil.copyfileobj(_unpacked(stdin.buffer), copy)
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise UserError(
                f"cannot copy standard input to {tempfile.gettempdir()}: {error.strerror} (the "
                "environment variable TMPDIR names another folder)"
            ) from error
        _copies[stdin] = file.rename(file.with_suffix(_ending(file)))
    return _copies[stdin]


def kept_copy() -> Path | None:
    """Return the copy of standard input, or None if there is none.

    Raises:
        UserError: standard input is closed.
    """
    return _copies.get(_stdin())


def standard_input() -> BinaryIO:
    """Return standard input itself, unpacked.

    Raises:
        UserError: it is closed.
    """
    return _unpacked(_stdin().buffer)


def beginning(stream: BinaryIO) -> bytes:
    """Return the first bytes of a stream, which stay in it."""
    if hasattr(stream, "peek"):
        return bytes(stream.peek(_MARK))
    start = stream.read(_MARK)
    stream.seek(-len(start), io.SEEK_CUR)
    return start


def _stdin() -> TextIO:
    # Python's type leaves out that a process may have none.
    stdin = cast("TextIO | None", sys.stdin)
    if stdin is None:
        raise UserError("standard input is closed: name a file, or give one with `< FILE`")
    return stdin


def _interrupt_at_the_end() -> None:
    """Turn the signals that end a process into KeyboardInterrupt, if nothing else handles them."""
    if threading.current_thread() is not threading.main_thread():
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in _ENDING_SIGNALS:
        # Windows has no SIGHUP.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def _unpacked(stream: BinaryIO) -> BinaryIO:
    is_packed = beginning(stream).startswith(GZIP)
    return cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if is_packed else stream


def _ending(file: Path) -> str:
    """Return the ending that a file needs, judged by its content, for readers that look at it."""
    with file.open("rb") as stream:
        start = stream.read(65_536).removeprefix(b"\xef\xbb\xbf").lstrip()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype").strip() if "mimetype" in names else b""
        found = (ending for member, ending in _MEMBERS.items() if member in names)
        return _TYPES.get(kind) or next(found, ".zip")
    found = (ending for first, ending in _STARTS.items() if start.startswith(first))
    head = _HEAD.match(start)
    is_mail = head is not None and _FIELD_OF_MAIL.search(head[0]) is not None
    return next(found, ".eml" if is_mail else ".txt")
