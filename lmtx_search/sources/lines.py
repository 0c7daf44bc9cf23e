"""Reads the lines of a text file; an unreadable file gives a one-line error."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator
from pathlib import Path

from lmtx_search.errors import LmtxError, UserError


def gzip_fault(path: Path, error: Exception) -> LmtxError:
    """Return the clear form of a gzip error."""
    if "Not a gzipped" in str(error):
        return UserError(
            f"{path} is not a gzip file, despite its name: rename it, or download it again"
        )
    return LmtxError(f"{path} is damaged (gzip: {error}): download it again")


def read_lines(path: Path) -> Generator[tuple[int, str], None, None]:
    """Read a UTF-8 file (also ``.gz``) as (line number from 1, line without its end).

    Raises:
        UserError: no such file, or not UTF-8.
        LmtxError: a damaged gzip file.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                yield number, line.rstrip("\r\n")
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise gzip_fault(path, error) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
