"""Standard input as a source of documents and labels: read once, or copied to be read again."""

from __future__ import annotations

import gzip
import io
import re
import shutil
import sys
import tempfile
import weakref
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

from lmtx_search.errors import UserError

_GZIP = b"\x1f\x8b"
_STARTS = {
    b"%PDF": ".pdf",
    b"\xd0\xcf\x11\xe0": ".xls",
    b"<": ".html",
}
_HEAD_OF_MAIL = re.compile(rb"(?:From |[A-Za-z][A-Za-z-]*:)")
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

    Until the end of the process, standard input is read from this file, as often as needed.

    Raises:
        UserError: there is no room for the copy.
        OSError, EOFError, zlib.error: the input is damaged gzip.
    """
    if sys.stdin not in _copies:
        try:
            folder = Path(tempfile.mkdtemp(prefix="lmtx-search-"))
            weakref.finalize(sys.stdin, shutil.rmtree, folder, ignore_errors=True)
            file = folder / "standard-input"
            with file.open("wb") as copy:
                shutil.copyfileobj(_unpacked(sys.stdin.buffer), copy)
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise UserError(
                f"cannot copy standard input to {tempfile.gettempdir()}: {error.strerror} (the "
                "environment variable TMPDIR names another folder)"
            ) from error
        _copies[sys.stdin] = file.rename(file.with_suffix(_ending(file)))
    return _copies[sys.stdin]


def kept_copy() -> Path | None:
    """Return the copy of standard input, or None if there is none."""
    return _copies.get(sys.stdin)


def standard_input() -> BinaryIO:
    """Return standard input itself, unpacked."""
    return _unpacked(sys.stdin.buffer)


def _unpacked(stream: BinaryIO) -> BinaryIO:
    if hasattr(stream, "peek"):
        start = stream.peek(len(_GZIP))
    else:
        start = stream.read(len(_GZIP))
        stream.seek(-len(start), io.SEEK_CUR)
    return cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if start.startswith(_GZIP) else stream


def _ending(file: Path) -> str:
    """Return the ending that a file needs, judged by its content, for readers that look at it."""
    with file.open("rb") as stream:
        start = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype").strip() if "mimetype" in names else b""
        found = (ending for member, ending in _MEMBERS.items() if member in names)
        return _TYPES.get(kind) or next(found, ".zip")
    found = (ending for first, ending in _STARTS.items() if start.startswith(first))
    return next(found, ".eml" if _HEAD_OF_MAIL.match(start) else ".txt")
