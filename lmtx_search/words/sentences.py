"""Splits a text into sentences, well enough to show one of them."""

from __future__ import annotations

import re

# The end of a sentence: a mark with closing quotes or brackets and a blank, a mark of Chinese or
# Japanese, which needs no blank, or a line break.
_END = re.compile(
    r"[.!?…।؟۔]+[\"'”’»)\]]*\s+|[。！？]+[」』”’）]*\s*|\s*\n\s*",
)
# What stands before a full stop that ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b\w|\.\w+|\b(?:Dr|Prof|Mr|Mrs|Ms|St|No|Nos|Nr|Fig|Vol|Art|Abs|Jr|vs|cf|ca|bzw))"
    r"\.\s+\Z"
)
_LONGEST = 400


def sentences(text: str) -> list[str]:
    """Return the sentences of a text with the blanks behind them; joined, they are the text.

    A line break ends a sentence unless a small letter follows, as in text with short lines. A
    longer text without an end is cut at blanks.

    >>> sentences("Plays chess, e.g. alone. Dr. Elo rates it.")
    ['Plays chess, e.g. alone. ', 'Dr. Elo rates it.']
    """
    parts: list[str] = []
    start = 0
    for end in _END.finditer(text):
        follows = text[end.end() : end.end() + 1]
        sentence = text[start : end.end()]
        if follows.islower() or _ABBREVIATION.search(sentence[-12:]) or not _says(sentence):
            continue
        parts += _cut(sentence)
        start = end.end()
    rest = text[start:]
    if parts and not _says(rest):
        parts[-1] += rest
    elif rest:
        parts += _cut(rest)
    return parts


def _says(part: str) -> bool:
    return any(map(str.isalnum, part))


def _cut(sentence: str) -> list[str]:
    parts = []
    while len(sentence) > _LONGEST:
        blank = sentence.rfind(" ", _LONGEST // 2, _LONGEST) + 1
        at = blank or _LONGEST
        parts.append(sentence[:at])
        sentence = sentence[at:]
    return [*parts, sentence]
