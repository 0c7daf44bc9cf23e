"""The text that an encoder's tokenizer gets: what separates words is a blank.

BERT's normaliser deletes control characters, format characters and characters of private use:
"Annual", U+000B, "Report" would be one word. Slides have U+000B between the lines of a title,
pdftotext writes U+000C between pages, and U+0085 is a line break of mainframes. Three kinds of
characters are decided here; all others are left to the tokenizer.

- Blanks: control characters (but tab and line breaks, which every tokenizer reads as blanks), the
  zero-width space U+200B, which marks where a word ends in scripts without blanks, the invisible
  operators U+2061 to U+2064, the marks of ruby U+FFF9 to U+FFFB, the place of an object U+FFFC, and
  private use, where fonts have bullets and icons. As U+FFFC is in no vocabulary, a word beside it
  would be an unknown one.
- Nothing, with the line break behind it: the soft hyphen U+00AD, where a word was broken.
- Left alone: a soft hyphen inside of a word, the joiners U+200C, U+200D and U+2060, marks of the
  direction of writing, and U+FEFF, which all stand inside of words and which BERT deletes. The
  no-break space, U+2028 and U+2029 are blanks for BERT already.

The cluster's own tokenizer has the same two replacements (:func:`replacements`).
"""

from __future__ import annotations

import re
from typing import Any

# Character classes that Python's regular expressions and those of the tokenizers library
# (Oniguruma) read alike: the characters themselves, without escapes.
_BLANKS = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2061-\u2064\ufff9-\ufffc"
    "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
)
_BROKEN_WORD = "\u00ad[ \t]*\r?\n[ \t]*"
_STEPS = ((_BROKEN_WORD, ""), (_BLANKS, " "))
_COMPILED = [(re.compile(pattern), content) for pattern, content in _STEPS]
# What is left to the tokenizers: nothing of the above is in it.
_ORDINARY = re.compile("[\t\n\r -~]*")


def read_text(text: str) -> str:
    """Return a text as the encoder reads it; an ordinary text comes out as it is.

    >>> read_text("Annual\\x0bReport of Sep\\u00ad\\ntember")
    'Annual Report of September'
    """
    if _ORDINARY.fullmatch(text):
        return text
    for pattern, content in _COMPILED:
        text = pattern.sub(content, text)
    return text


def replacements() -> list[dict[str, Any]]:
    """Return the same as steps of a normaliser, in the JSON of the tokenizers library."""
    return [
        {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}
        for pattern, content in _STEPS
    ]
