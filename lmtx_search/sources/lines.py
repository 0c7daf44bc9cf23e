"""Opens files, and reads the lines of a text; an unreadable file gives a one-line error."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.sources.standard_input import (
    GZIP,
    beginning,
    is_standard_input,
    keep_standard_input,
    kept_copy,
    standard_input,
)
from lmtx_search.sources.text_encoding import wide_encoding

# The first bytes of what has to be unpacked before.
_ARCHIVES = {
    b"PK\x03\x04": "a ZIP archive (or an office file)",
    b"BZh91AY&SY": "packed by bzip2",
    b"\xfd7zXZ\x00": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
}


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file (also packed by gzip; ``-`` is standard input) in binary mode.

    Raises:
        UserError: the file does not exist, is a folder, is an archive, or cannot be read.
        LmtxError: the file is damaged (gzip).
    """
    with _clear_errors(path):
        copy = kept_copy() if is_standard_input(path) else None
        if is_standard_input(path) and copy is None:
            stream = standard_input()
            _refuse_archive(path, beginning(stream))
            yield stream
            return
        with (copy or path).open("rb") as file:
            start = beginning(file)
            _refuse_archive(path, start)
            if path.suffix.lower() == ".gz" or start.startswith(GZIP):
                with gzip.open(file) as unpacked:
                    yield cast("BinaryIO", unpacked)
            else:
                yield file


def _refuse_archive(path: Path, start: bytes) -> None:
    for mark, kind in _ARCHIVES.items():
        if start.startswith(mark):
            raise UserError(f"{path} is {kind}: unpack it first")


def real_file(path: Path) -> Path:
    """Return a file that can be opened by its name: for standard input, a copy of it.

    Raises:
        UserError, LmtxError: as :func:`opened`.
    """
    if not is_standard_input(path):
        return path
    with _clear_errors(path):
        return keep_standard_input()


def read_lines(path: Path) -> Generator[tuple[int, str], None, None]:
    """Read a UTF-8 file (also ``.gz``) as (line number from 1, line without its end).

    Raises:
        UserError: no such file, or not UTF-8.
        LmtxError: a damaged gzip file.
    """
    with opened(path) as stream:
        try:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig")
            for number, line in enumerate(lines, start=1):
                yield number, line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is not UTF-8") from error


def first_line(path: Path) -> str:
    """Return the first line with text ("": none), for recognising the format of a file.

    The encoding is UTF-8, or UTF-16 or UTF-32 with a byte order mark; other characters are
    replaced.

    Raises:
        UserError, LmtxError: as :func:`opened`.
    """
    with opened(path) as stream:
        encoding = wide_encoding(stream.read(4)) or "utf-8-sig"
    with opened(path) as stream:
        lines = io.TextIOWrapper(stream, encoding=encoding, errors="replace")
        return next((line.rstrip("\n") for line in lines if line.strip()), "")


def starts_as_json(path: Path) -> bool:
    """Return whether a file begins as JSON: with a list or an object.

    Raises:
        UserError, LmtxError: as :func:`opened`.
    """
    return first_line(path).lstrip().startswith(("[", "{"))


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder, not a file") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _gzip_fault(path, error) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def _gzip_fault(path: Path, error: Exception) -> LmtxError:
    """Return the clear form of a gzip error."""
    if "Not a gzipped" in str(error):
        return UserError(
            f"{path} is not a gzip file, despite its name: rename it, or download it again"
        )
    return LmtxError(f"{path} is damaged (gzip: {error}): download it again")
