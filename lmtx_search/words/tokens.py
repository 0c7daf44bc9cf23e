"""Words as tokens of the encoder's tokenizer, without punctuation, with case and plurals folded.

"+" and "#" count as words, because "C", "C++" and "C#" are different names.

SentencePiece and byte-level tokenizers mark a piece that follows a blank ("▁chess", "Ġchess").
Without the mark, "chess" is a whole word first in a text and behind a bracket, and a part of a word
behind other pieces. A piece without a mark therefore counts as the marked one if it is first in a
text or behind a piece that is no word, and always in scripts that are written without blanks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lmtx_search.words.names import is_without_blanks
from lmtx_search.words.plurals import NO_PLURALS

Tokens = NDArray[np.int64]
"""Ids of tokens, in the order of a text."""

# English plurals, and what replaces the ending.
_PLURALS = (("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ies", "y"), ("s", ""))
_SINGULAR_ENDINGS = ("ss", "us", "is")
_SHORTEST_PLURAL = 4
_STARTS = ("▁", "Ġ")
_SIGNS = frozenset("+#")
_NO_WORD = -1


class WordTokens:
    """Tells which tokens are words, and which of them are the same word.

    Args:
        vocabulary: the text of each token, by id.
        special: ids of tokens that stand for no text.
        bytewise: tokens are written with one character for each byte (GPT-2).
    """

    def __init__(
        self, vocabulary: Sequence[str], special: Sequence[int] = (), bytewise: bool = False
    ) -> None:
        self._folded = np.arange(len(vocabulary), dtype=np.int64)
        id_of = {text: id_ for id_, text in enumerate(vocabulary)}
        readable = _text_of_bytes if bytewise else str
        for id_, text in enumerate(vocabulary):
            if not any(map(str.isalnum, readable(text))) and not _is_sign(text):
                self._folded[id_] = _NO_WORD
            else:
                self._folded[id_] = _one_of(id_of, text, bytewise, id_)
        self._folded[list(special)] = _NO_WORD
        self._at_beginning: Tokens = self._folded.copy()
        mark = "Ġ" if bytewise else "▁"
        for text, id_ in id_of.items():
            if self._folded[id_] == _NO_WORD or text.startswith(mark):
                continue
            self._at_beginning[id_] = _one_of(id_of, mark + text, bytewise, self._folded[id_])
            if is_without_blanks(readable(text)):
                self._folded[id_] = self._at_beginning[id_]

    def __len__(self) -> int:
        """Return the number of tokens in the vocabulary."""
        return len(self._folded)

    @property
    def folded(self) -> Tokens:
        """int64[vocabulary]: the word that each token counts as; -1 for a token that is no word."""
        return self._folded

    @property
    def at_beginning(self) -> Tokens:
        """int64[vocabulary]: as :attr:`folded`, first in a text and behind what is no word."""
        return self._at_beginning

    def words(self, tokens: Sequence[int]) -> Tokens:
        """Return the words among the tokens of a text, in their order."""
        ids = np.asarray(tokens, dtype=np.int64)
        folded: Tokens = self._folded[ids]
        is_word = folded != _NO_WORD
        begins = np.append(True, ~is_word[:-1])[: len(ids)]
        found: Tokens = np.where(begins, self._at_beginning[ids], folded)
        return np.asarray(found[is_word])


def _one_of(id_of: Mapping[str, int], text: str, bytewise: bool, other: int) -> int:
    """Return the token of a word in lower case and in the singular (none: ``other``)."""
    mark = text[0] if text.startswith(_STARTS) else ""
    word = text[len(mark) :]
    # A character that stands for a byte beyond ASCII has no lower case.
    lower = text if bytewise and not word.isascii() else mark + word.lower()
    forms = (singular(lower), lower, singular(text), text)
    return next((id_of[form] for form in forms if form in id_of), other)


def _is_sign(text: str) -> bool:
    signs = text[1:] if text.startswith(_STARTS) else text
    return bool(signs) and _SIGNS.issuperset(signs)


def _text_of_bytes(text: str) -> str:
    """Return the text of a token that is written with one character for each byte (GPT-2).

    A part of a character becomes a letter, since most characters outside ASCII are letters.
    """
    read = bytes(_BYTES[one] for one in text if one in _BYTES)
    try:
        return read.decode()
    except UnicodeDecodeError:
        return "a"


def _characters_of_bytes() -> dict[str, int]:
    """Return the byte that each character stands for: itself, or moved to U+0100 and above."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    moved = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(256 + place): byte for place, byte in enumerate(moved)
    }


_BYTES = _characters_of_bytes()


def singular(text: str) -> str:
    """Return the singular of a token that is a regular English plural, else the token itself.

    >>> singular("airports"), singular("▁policies"), singular("bus"), singular("Gas")
    ('airport', '▁policy', 'bus', 'Gas')
    """
    mark = text[0] if text.startswith(_STARTS) else ""
    word = text[len(mark) :]
    if (
        len(word) < _SHORTEST_PLURAL
        or not word.isalpha()
        or word.endswith(_SINGULAR_ENDINGS[1:])
        or word.lower() in NO_PLURALS
    ):
        return text
    for ending, replacement in _PLURALS:
        if word.endswith(ending):
            if ending == "s" and word.endswith(_SINGULAR_ENDINGS):
                return text
            return mark + word[: -len(ending)] + replacement
    return text
