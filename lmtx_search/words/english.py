"""Tells how many of some running texts are not in English, by the most frequent English words."""

from __future__ import annotations

import re
from collections.abc import Iterable

DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer: words are not set apart, or are dense.

These are ranges of characters for a class of a regular expression.
"""

# Words that are frequent in English and rare in other languages, so neither "a" nor "in". Their
# share is 0.17 to 0.3 in abstracts, laws, questions and descriptions of programs, and 0.001 in
# German records.
_FREQUENT = {
    *("the", "of", "and", "to", "that", "for", "with", "are", "by"),
    *("this", "be", "or", "from", "it", "which", "have", "not", "can"),
}
# At most 1 in 1,000 of these English texts is below, and all but 4 of 1,000 German records are.
_LEAST_SHARE = 0.04
_LEAST_WORDS = 50
# Shorter texts are looked at together: one may have no frequent word by chance.
_WORDS_OF_TEXT = 20
_NOTABLE_SHARE = 0.2
_NEARLY_ALL = 0.95
_CHARACTERS = 1000  # of each text
# A character of a dense script counts as a word.
_WORD = re.compile(rf"[{DENSE}]|[^\W\d_{DENSE}]+")


def texts_not_english(texts: Iterable[str]) -> tuple[list[str], int]:
    """Return the texts that are not in English, and of how many texts the language can be told.

    This number is 0 if there are too few words. Names and keywords have no frequent words, so this
    is only for sentences.
    """
    others: list[str] = []
    short: list[str] = []
    short_words: list[str] = []
    decided = words_in_all = 0
    for text in texts:
        words = _WORD.findall(text[:_CHARACTERS].lower())
        words_in_all += len(words)
        if len(words) >= _WORDS_OF_TEXT:
            decided += 1
            others += [] if _is_english(words) else [text]
        elif words:
            short.append(text)
            short_words += words
    if words_in_all < _LEAST_WORDS:
        return [], 0
    if len(short_words) >= _LEAST_WORDS:
        decided += len(short)
        others += [] if _is_english(short_words) else short
    return others, decided


def share_not_english(texts: Iterable[str]) -> float | None:
    """Return the share of :func:`texts_not_english` (None: too few words to tell)."""
    others, decided = texts_not_english(texts)
    return len(others) / decided if decided else None


def not_in_english(share: float | None, what: str) -> str:
    """Return in words that texts are not in English, or nothing if few or none of them are not.

    Args:
        share: as :func:`share_not_english` returns it.
        what: the texts, in words ("documents").
    """
    if share is None or share < _NOTABLE_SHARE:
        return ""
    some = "" if share > _NEARLY_ALL else f"about {100 * share:.0f} % of "
    return f"{some}the {what} are probably not in English"


def _is_english(words: list[str]) -> bool:
    return sum(word in _FREQUENT for word in words) > _LEAST_SHARE * len(words)
