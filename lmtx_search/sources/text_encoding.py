"""Detects the encoding of a text file."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

_BLOCK = 1 << 20
_ESCAPE = b"\x1b"
# Begins Japanese characters in ISO-2022-JP.
_JAPANESE = re.compile(rb"\x1b\$[@B]|\x1b\(I")
ISO_2022_JP = "iso-2022-jp-ext"
"""The codec of ISO-2022-JP, with the half-width letters that Windows writes."""
_ASCII = bytes(range(128))
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Bytes that no text in cp1252 (Windows) has: five are undefined, and two are rare letters that
# binary files contain often.
_NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d\xfe\xff"


def wide_encoding(start: bytes) -> str | None:
    """Return the codec that a byte order mark of UTF-16 or UTF-32 names; None without one."""
    # That of UTF-16 (little endian) begins that of UTF-32.
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def is_iso_2022_jp(data: bytes) -> bool:
    """Return whether a whole text is ISO-2022-JP, which has only ASCII bytes."""
    return bool(_JAPANESE.search(data)) and data.isascii()


def text_encoding(stream: BinaryIO) -> str:
    """Read a file to its end; return the name of the codec for it.

    The codec is ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be``, the same of UTF-32,
    ``iso-2022-jp-ext`` or ``cp1252``. It is ISO-2022-JP if all bytes are ASCII and some are its
    escape sequences. It is cp1252 if hardly any non-ASCII character is valid UTF-8 and all are
    letters or signs of cp1252. Any other file counts as ``utf-8-sig`` with errors.
    """
    block = stream.read(_BLOCK)
    if marked := wide_encoding(block):
        return marked
    if len(block) > 3 and block[0] and not (block[1] or block[2] or block[3]):
        return "utf-32-le"
    if len(block) > 3 and block[3] and not (block[0] or block[1] or block[2]):
        return "utf-32-be"
    if len(block) > 3 and block[0] and block[2] and not (block[1] or block[3]):
        return "utf-16-le"
    if len(block) > 3 and block[1] and block[3] and not (block[0] or block[2]):
        return "utf-16-be"
    valid = stray = 0
    only_ascii, japanese = True, False
    while block:
        if _ESCAPE in block:
            block += stream.readline()
            japanese = japanese or bool(_JAPANESE.search(block))
        # The end of a block may split a character; the end of a line does not.
        if not block.isascii():
            only_ascii = False
            block += stream.readline()
            rest, found = _UTF_8.subn(b"", block)
            others = rest.translate(None, _ASCII)
            valid, stray = valid + found, stray + len(others)
            if len(others.translate(None, _NOT_WINDOWS)) < len(others):
                return "utf-8-sig"
        block = stream.read(_BLOCK)
    if japanese and only_ascii:
        return ISO_2022_JP
    return "cp1252" if stray > 10 * valid else "utf-8-sig"
