"""Records of MARC 21 in ISO 2709, with the damage and the encodings of real exports."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from lmtx_search.records import BadLine
from lmtx_search.sources.lines import opened
from lmtx_search.sources.read_options import ReadOptions

if TYPE_CHECKING:
    from pymarc import Record

END_OF_RECORD = b"\x1d"
"""The byte that ends a record."""
# Begins another script in MARC-8.
_ESCAPE = b"\x1b"
_BLOCK = 1 << 20
_LENGTH = 5
# Indicators and subfield codes have two characters each; the lengths of a directory's entry end it.
_LEADER = re.compile(rb"\d{5}[a-z ][a-z ].{3}22\d{5}.{3}45[0 ]{2}", re.DOTALL)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# Of MARC-8: the set that holds accents and Western letters.
_ANSEL = 0x45
# In text of MARC-8 with a damaged byte, many more accents fit their letters by far.
_FITTING_PER_FAULT = 4
# Grave, acute and umlaut on vowels, and both halves of a ligature. In cp1252, they would be
# letters such as â and è before a vowel, which hardly any word has.
_SURE = re.compile(
    rb"[\xe1\xe2\xe8][aeoAEO]|\xe8[uU]|\xeb[A-Za-z](?=\xec[A-Za-z])|(?<=\xeb[A-Za-z])\xec[A-Za-z]"
)


class _Accents(NamedTuple):
    """What the bytes of a record would be in MARC-8.

    Attributes:
        faults: bytes that MARC-8 does not define, or that are accents without a letter.
        odd: accents which form no character with the letter behind them.
        fitting: accents which form one; those that only MARC-8 explains count several times.
    """

    faults: int
    odd: int
    fitting: int


_NOTES = {
    "utf-8": (
        "{path}: records in UTF-8 whose leader does not say so (position 9 is not `a`): {count:,}; "
        "they are read as UTF-8"
    ),
    "cp1252": (
        "{path}: records that are neither MARC-8 nor UTF-8: {count:,}; they are read as cp1252 "
        "(Windows, Western Europe)"
    ),
    "damaged": (
        "{path}: records with bytes that MARC-8 does not define: {count:,}; these bytes are left "
        "out"
    ),
}


def binary_records(
    stream: BinaryIO, path: Path, options: ReadOptions
) -> Iterator[tuple[int, Record | BadLine]]:
    """Yield each record with its number from 1, or the reason why it cannot be read.

    Records are split at their end marks, because pymarc stops at a line break between two records.
    ``options.notes`` receives how many records were not read as their leader says.
    """
    from pymarc import Record

    counts = dict.fromkeys(_NOTES, 0)
    with opened(path) as whole:
        in_windows = _are_windows(map(_accents, filter(_is_unsure, _split(whole))))
    for number, data in enumerate(_split(stream), start=1):
        encoding = _encoding(data, in_windows)
        if encoding in counts:
            counts[encoding] += 1
        # Under the name of Latin-1, pymarc decodes MARC-8.
        codec = "cp1252" if encoding == "cp1252" else "iso8859-1"
        is_utf8 = encoding == "utf-8"
        try:
            yield (
                number,
                Record(data, force_utf8=is_utf8, hide_utf8_warnings=True, file_encoding=codec),
            )
        except Exception as error:  # pymarc raises any kind of error for a damaged directory
            what = " ".join(f"{type(error).__name__} {error}".split())
            raw = data[:1000].decode("utf-8", "replace")
            yield number, BadLine(str(path), number, f"not a MARC record: {what}", raw)
    options.notes.extend(
        _NOTES[encoding].format(path=path, count=count)
        for encoding, count in counts.items()
        if count
    )


def _split(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(END_OF_RECORD)
        for data in whole:
            yield from _parted(data.removeprefix(b"\xef\xbb\xbf").lstrip() + END_OF_RECORD)
    if rest.strip(b" \t\r\n\x00\x1a"):
        yield from _parted(rest.lstrip())


def _parted(data: bytes) -> Iterator[bytes]:
    """Yield a record, or several if the first ones are cut off before their end marks."""
    if data[:_LENGTH].isdigit() and int(data[:_LENGTH]) != len(data):
        start = 0
        for leader in _LEADER.finditer(data, _LENGTH):
            yield data[start : leader.start()].rstrip(b"\r\n") + END_OF_RECORD
            start = leader.start()
        data = data[start:]
    yield data


def _encoding(data: bytes, in_windows: bool) -> str:
    """Return ``utf-8`` or ``cp1252`` if a record is so, though its leader says that it is MARC-8.

    ``damaged`` is MARC-8 with bytes that it does not define. "" is what the leader says.

    Args:
        in_windows: whether all records together are cp1252 rather than MARC-8. This decides about a
            record that could be either. One that has only faults is never MARC-8.
    """
    # In MARC-8, an accent precedes its letter, so that text with accents is hardly ever UTF-8.
    if _is_undeclared(data) and _is(data, "utf-8"):
        return "utf-8"
    if not _is_unsure(data):
        return ""
    accents = _accents(data)
    could_be = in_windows and accents.fitting < _FITTING_PER_FAULT * max(accents.faults, 1)
    if (could_be or (accents.faults and not accents.fitting)) and _is(data, "cp1252"):
        return "cp1252"
    return "damaged" if accents.faults else ""


def _is_undeclared(data: bytes) -> bool:
    return not (data[9:10] == b"a" or data.isascii() or _ESCAPE in data)


def _is_unsure(data: bytes) -> bool:
    return _is_undeclared(data) and not _is(data, "utf-8")


def _are_windows(records: Iterable[_Accents]) -> bool:
    """Return whether records of one file are cp1252 rather than MARC-8.

    A few damaged records say nothing about the others, so at least half of them must look strange.
    """
    faults = fitting = strange = count = 0
    for one in records:
        faults, fitting = faults + one.faults, fitting + one.fitting
        strange, count = strange + bool(one.faults or one.odd), count + 1
    return fitting < _FITTING_PER_FAULT * faults and 2 * strange >= count


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _accents(data: bytes) -> _Accents:
    accents, undefined, letters = _ansel()
    sure = {found.start() for found in _SURE.finditer(data)}
    faults = odd = fitting = 0
    for found in _NOT_ASCII.finditer(data):
        byte, behind = found[0][0], data[found.end() : found.end() + 1]
        if found.start() in sure:
            fitting += _FITTING_PER_FAULT
        elif byte in undefined or (byte in accents and behind not in letters):
            faults += 1
        elif byte in accents and behind.isalpha():
            pair = behind.decode("ascii") + accents[byte]
            is_one = len(unicodedata.normalize("NFC", pair)) == 1
            fitting, odd = fitting + is_one, odd + (not is_one)
    return _Accents(faults, odd, fitting)


@cache
def _ansel() -> tuple[dict[int, str], frozenset[int], frozenset[bytes]]:
    """Return the accents, the undefined bytes, and the bytes that may follow an accent."""
    from pymarc.marc8_mapping import CODESETS

    known = CODESETS[_ANSEL]
    accents = {byte: chr(code) for byte, (code, is_accent) in known.items() if is_accent}
    undefined = frozenset(range(0xA0, 0x100)) - known.keys()
    letters = {byte for byte, (code, _) in known.items() if chr(code).isalpha()}
    behind = (*string.ascii_letters.encode(), *letters, *accents)
    return accents, undefined, frozenset(bytes([byte]) for byte in behind)
