"""Tells whether running texts are English, by their most frequent words."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Words that are frequent in English and rare in other languages, so neither "a" nor "in". Their
# share is 0.17 to 0.3 in abstracts, laws, questions and descriptions of programs, and 0.001 in
# German records.
_FREQUENT = {
    *("the", "of", "and", "to", "that", "for", "with", "are", "by"),
    *("this", "be", "or", "from", "it", "which", "have", "not", "can"),
}
_LEAST_SHARE = 0.06
_LEAST_WORDS = 50
_CHARACTERS = 1000  # of each text
_WORD = re.compile(r"[^\W\d_]+")


def is_english(texts: Iterable[str]) -> bool | None:
    """Tell whether most of the words belong to English texts (None: too few words to tell).

    Names and keywords have no such words, so this is only for sentences.
    """
    words = [word for text in texts for word in _WORD.findall(text[:_CHARACTERS].lower())]
    if len(words) < _LEAST_WORDS:
        return None
    return sum(word in _FREQUENT for word in words) > _LEAST_SHARE * len(words)
