"""Tokenises texts word by word where this gives the same tokens, and remembers those of a word.

The tokenizers of BERT split a text at blanks first and treat each word for itself. Most words of a
text have occurred before, so that looking them up is several times as fast as tokenising the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Blanks for the normaliser of BERT. It removes other control characters, which join two words.
_WORD = re.compile(r"[^ \t\n\r]+")
_STEPS = ("BertNormalizer", "BertPreTokenizer", "WordPiece")
# Words that are remembered (about 40 MB), and their longest: texts of some scripts have no blanks.
_REMEMBERED = 200_000
_LONGEST = 40


class WordWiseTokenizer:
    """Reads texts as windows of tokens. Made by :meth:`of`."""

    def __init__(self, tokenizer: Tokenizer, tokens: int) -> None:
        whole = type(tokenizer).from_str(tokenizer.to_str())
        whole.no_padding()
        whole.no_truncation()
        letter = whole.encode("a")
        start = letter.special_tokens_mask.index(0)
        self._before, self._after = letter.ids[:start], letter.ids[start + 1 :]
        self._room = tokens - len(self._before) - len(self._after)

        def read(word: str) -> tuple[int, ...]:
            return tuple(whole.encode(word, add_special_tokens=False).ids)

        self._read = read
        self._remembered = lru_cache(_REMEMBERED)(read)

    @classmethod
    def of(cls, tokenizer: Tokenizer, tokens: int) -> WordWiseTokenizer | None:
        """Return one for windows of ``tokens`` tokens, or None: its tokens may be others."""
        steps = (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.model)
        if tuple(type(step).__name__ for step in steps) != _STEPS:
            return None
        added = tokenizer.get_added_tokens_decoder().values()
        if any(len(_WORD.findall(token.content)) != 1 for token in added):
            return None
        return cls(tokenizer, tokens)

    def windows(self, texts: Sequence[str], most: int) -> list[list[list[int]]]:
        """Return the token ids of each window of each text: one at least, ``most`` at most."""
        return [self._windows(text, most) for text in texts]

    def _windows(self, text: str, most: int) -> list[list[int]]:
        words = _WORD.findall(text)
        short = max(map(len, words), default=0) <= _LONGEST
        tokens = map(self._remembered if short else self._read_or_remembered, words)
        ids = list(islice(chain.from_iterable(tokens), most * self._room))
        return [
            [*self._before, *ids[start : start + self._room], *self._after]
            for start in range(0, max(1, len(ids)), self._room)
        ]

    def _read_or_remembered(self, word: str) -> tuple[int, ...]:
        return self._read(word) if len(word) > _LONGEST else self._remembered(word)
