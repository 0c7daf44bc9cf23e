"""Normalises the names of labels."""

from __future__ import annotations

import unicodedata

# Soft hyphen, zero-width space, word joiner, byte order mark. The joiners of Persian and of Indian
# scripts (U+200C, U+200D) change the look of a word and are kept.
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))

SEPARATOR = "\ue052"
"""Marks a fact about labels and separates their names (tagging/scoring/facts.py), so that no
name may contain it."""
SEPARATED = f"U+{ord(SEPARATOR):X}, which is not a letter and separates names: remove it"
"""What is wrong with such a name."""


def label_name(text: str) -> str:
    """Return the normal form of a name, which is compared, shown and written as a tag.

    It is composed (NFC), on one line, with single blanks and without invisible characters. Names
    that look the same are therefore equal, and such labels are distinguished by their ids.
    """
    return " ".join(unicodedata.normalize("NFC", text.translate(_INVISIBLE)).split())
