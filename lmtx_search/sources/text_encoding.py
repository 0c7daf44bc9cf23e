"""Detects the encoding of a text file."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

_BLOCK = 1 << 20
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ASCII = bytes(range(128))
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Bytes that no text in cp1252 (Windows) has: five are undefined, and two are rare letters that
# binary files contain often.
_NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d\xfe\xff"


def text_encoding(stream: BinaryIO) -> str:
    """Read a file to its end; return the name of the codec for it.

    The codec is ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``. It is cp1252
    if hardly any non-ASCII character is valid UTF-8 and all are letters or signs of cp1252. Any
    other file counts as ``utf-8-sig`` with errors.
    """
    block = stream.read(_BLOCK)
    if block.startswith(_WIDE):
        return "utf-16"
    if len(block) > 3 and block[0] and block[2] and not (block[1] or block[3]):
        return "utf-16-le"
    if len(block) > 3 and block[1] and block[3] and not (block[0] or block[2]):
        return "utf-16-be"
    valid = stray = 0
    while block:
        # The end of a block may split a character; the end of a line does not.
        if not block.isascii():
            block += stream.readline()
            rest, found = _UTF_8.subn(b"", block)
            others = rest.translate(None, _ASCII)
            valid, stray = valid + found, stray + len(others)
            if len(others.translate(None, _NOT_WINDOWS)) < len(others):
                return "utf-8-sig"
        block = stream.read(_BLOCK)
    return "cp1252" if stray > 10 * valid else "utf-8-sig"
