"""Decodes bytes whose character set may be wrong or missing."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(rb"""<meta\b[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
# Character sets that programs use under the name of a smaller set, as browsers read them
# (https://encoding.spec.whatwg.org/#names-and-labels).
_LARGER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "tis-620": "cp874",
}
# In these sets each byte is a character, so that decoding UTF-8 with them never fails.
_NEVER_WRONG = ("cp1252", "cp1254", "iso8859-15")
_STRAY = "lmtx_stray_bytes_are_cp1252"


def decoded(data: bytes, declared: str = "", *, html: bool = False) -> str:
    """Decode text whose declared character set may be wrong.

    A byte order mark decides. Otherwise the declared set, the set that the HTML names, and UTF-8
    are tried in this order. If none fits, the text is read as UTF-8, and its invalid bytes as
    cp1252 (Windows). Valid UTF-8 is not read as a Western set, in which any bytes are valid.

    Args:
        declared: name of a character set; "" or an unknown name is ignored.
        html: look for ``<meta charset>`` in the beginning.

    >>> decoded("café".encode("cp1252"), "us-ascii")
    'café'
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    named = [declared, html_charset(data) if html else ""]
    for name in filter(None, map(_codec, named)):
        for encoding in ("utf-8", name) if name in _NEVER_WRONG else (name,):
            try:
                return data.decode(encoding)
            except UnicodeError:
                continue
    return data.decode("utf-8", _STRAY)


def html_charset(page: bytes) -> str:
    """Return the character set that the beginning of an HTML page names, or ""."""
    found = _META.search(page[:_META_WITHIN])
    return found[1].decode("ascii", "replace") if found else ""


def _codec(name: str) -> str:
    """Return the name of Python's codec for a character set, or ""."""
    try:
        found = codecs.lookup(name.strip().strip("\"'").removesuffix("-i"))
    except (LookupError, ValueError):
        return ""
    # Python also has codecs that are not character sets.
    if not found._is_text_encoding:
        return ""
    return _LARGER.get(found.name, found.name)


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(_STRAY, _stray_bytes)
