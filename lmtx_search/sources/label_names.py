"""What makes two spellings of a label's name the same name."""

from __future__ import annotations

import unicodedata

# Soft hyphen, zero-width space, word joiner, byte order mark. The joiners of Persian and of Indian
# scripts (U+200C, U+200D) change what a word looks like and stay.
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))


def label_name(text: str) -> str:
    """Return a name in the one form that is compared, shown and written as a tag.

    Composed (NFC), on one line, with single blanks, without characters that are never seen: names
    that look the same are the same, so that two labels of one name are told apart by their ids.
    """
    return " ".join(unicodedata.normalize("NFC", text.translate(_INVISIBLE)).split())
