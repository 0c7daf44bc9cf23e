"""What programs write into the text of a message: OpenPGP's armour and files in uuencode."""

from __future__ import annotations

import binascii
import re
from itertools import pairwise

from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.mail_parts import ATTACHMENTS

# Replies quote armour as well.
_MARK = re.compile(
    r"^[> ]*-----(?P<end>BEGIN|END) PGP (?P<kind>MESSAGE|SIGNED MESSAGE|SIGNATURE"
    r"|PUBLIC KEY BLOCK|PRIVATE KEY BLOCK)-----[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
# Such as "Hash: SHA256".
_HEADS = re.compile(r"(?:[> ]*[A-Za-z]+: [^\n]*\n)*")
# A line of a signed text that begins with a hyphen has "- " before it.
_DASHED = re.compile(r"^([> ]*)- ", re.MULTILINE)
_FILE = re.compile(
    r"^begin [0-7]{3,4} (?P<name>\S[^\n]*)\n(?P<lines>(?:[ -`]+\n)+)end[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)


def readable(text: str, left_out: LeftOut) -> str:
    r"""Return a text without encrypted texts, signatures, keys and files in uuencode.

    ``left_out`` counts encrypted texts and files. Of a signed text, the text stays. What only
    begins like these stays too.

    >>> readable("begin 644 a.txt\n#8V%T\n`\nend\nSee the file.", LeftOut())
    'See the file.'
    """
    return _FILE.sub(lambda found: _without(found, left_out), _without_armour(text, left_out))


def _without_armour(text: str, left_out: LeftOut) -> str:
    pieces, place = [], 0
    for mark, following in pairwise(_MARK.finditer(text)):
        if mark["end"] != "BEGIN":
            continue
        kinds = mark["kind"], following["kind"]
        if kinds == ("SIGNED MESSAGE", "SIGNATURE"):
            pieces.append(text[place : mark.start()])
            signed = text[mark.end() : following.start()]
            pieces.append(_DASHED.sub(r"\1", _HEADS.sub("", signed, count=1)))
            place = following.start()
        elif kinds[0] == kinds[1] and following["end"] == "END":
            pieces.append(text[place : mark.start()])
            place = following.end()
            left_out.add("encrypted texts in mail", count=int(kinds[0] == "MESSAGE"))
    return "".join([*pieces, text[place:]])


def _without(found: re.Match[str], left_out: LeftOut) -> str:
    if not _is_file(found["lines"].splitlines()):
        return found[0]
    left_out.add(ATTACHMENTS, found["name"].strip())
    return ""


def _is_file(lines: list[str]) -> bool:
    """Return whether lines are uuencode: they can be decoded, and are as long as they say.

    Blanks at the end of a line, which stand for zeros, may be lost.
    """
    try:
        size = sum(len(binascii.a2b_uu(line)) for line in lines)
    except binascii.Error:
        return False
    return 2 * sum(len(line) - 1 for line in lines) >= size
