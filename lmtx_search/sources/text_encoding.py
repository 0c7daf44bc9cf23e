"""The encoding of a text file that does not say it."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

_BLOCK = 1 << 20
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ASCII = bytes(range(128))
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# No text in cp1252 (Windows) has them: five bytes stand for nothing, two for rare letters that
# binary files are full of.
_NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d\xfe\xff"


def text_encoding(stream: BinaryIO) -> str:
    """Read a file to its end; return the name of the codec for it.

    That is ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``. It is cp1252 if
    hardly any character beyond ASCII is valid UTF-8 and all are letters or signs of that set. A
    file that is neither is ``utf-8-sig`` with faults.
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
        # A character may be cut in two by the end of a block; lines are whole.
        if not block.isascii():
            block += stream.readline()
            rest, found = _UTF_8.subn(b"", block)
            others = rest.translate(None, _ASCII)
            valid, stray = valid + found, stray + len(others)
            if len(others.translate(None, _NOT_WINDOWS)) < len(others):
                return "utf-8-sig"
        block = stream.read(_BLOCK)
    return "cp1252" if stray > 10 * valid else "utf-8-sig"
