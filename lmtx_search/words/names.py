"""The words of labels and documents, in the one form in which both are compared.

The same function reads a label when it is written to the label index and a document when it is
looked up there, so that no analyzer of the cluster has to fit a language: a cluster may lack
analyzers, and a label set may mix languages. Words are runs of letters, marks and digits, in lower
case and with compatibility characters replaced (NFKC). "++" or "#" at the end of a run belongs to
it: "C", "C++" and "C#" are three words. English plurals become singulars (an S-stemmer: Harman,
"How effective is suffixing?", 1991). Scripts that are written without blanks become overlapping
pieces of two characters (Chinese, Japanese, Korean) or three (Thai, Lao, Burmese, Khmer). A name
may be shorter than a piece, so a document also has the shorter pieces.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tokenizers import Regex, pre_tokenizers

from lmtx_search.words.plurals import NO_PLURALS

FORM = 2
"""Counted up whenever a name gets other words than before."""

WordCounts = Mapping[str, int]
"""How often a document has each of its words; 0 for a word that says nothing about a document."""

_RUNS = pre_tokenizers.Split(
    Regex(r"[\p{L}\p{M}\p{N}]+(?:\+\+|#(?![\p{L}\p{N}]))?"), "removed", invert=True
)
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_SOUTH_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_PARTS = re.compile(f"[{_CJK}]+|[{_SOUTH_EAST_ASIAN}]+|[^{_CJK}{_SOUTH_EAST_ASIAN}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
_IS_SOUTH_EAST_ASIAN = re.compile(f"[{_SOUTH_EAST_ASIAN}]")
_SOFT_HYPHEN = "\u00ad"  # stands inside of a word


def words(text: str) -> list[str]:
    """Return the words of a name or of a text, in order and with repetitions.

    >>> words("Libraries of the world's cities")
    ['library', 'of', 'the', 'world', 'city']
    >>> words("日本語 IT技術")
    ['日本', '本語', 'it', '技術']
    """
    text = unicodedata.normalize("NFKC", text.replace(_SOFT_HYPHEN, "")).casefold()
    found: list[str] = []
    for run, _ in _RUNS.pre_tokenize_str(_POSSESSIVE.sub("", text)):
        for part in _PARTS.findall(run):
            found += _pieces(part)
    return found


def words_of_document(text: str) -> list[str]:
    """Return the words of a document, and behind them pieces that are as short as a name may be.

    >>> words_of_document("所得税")
    ['所得', '得税', '所', '得', '税']
    """
    return _with_shorter(words(text))


def words_of_names(names: Iterable[str]) -> list[frozenset[str]]:
    """Return the words of each name (a label's text and synonyms) that has words of its own.

    >>> words_of_names(["web browser", "Browser (web)", "!"]) == [{"web", "browser"}]
    True
    """
    found = (frozenset(words(name)) for name in names)
    return list(dict.fromkeys(name for name in found if name))


def is_without_blanks(text: str) -> bool:
    """Tell whether a text has characters of a script that is written without blanks."""
    return any(map(_size, text))


def without_words(text: str, name: frozenset[str]) -> str:
    """Return a text without the words of a name.

    >>> without_words("Chess: two chess programs play.", frozenset({"chess"}))
    ': two  programs play.'
    >>> without_words("これは日本語の文章です", frozenset(words("日本語")))
    'これはの文章です'
    """
    text = text.replace(_SOFT_HYPHEN, "")
    kept: list[str] = []
    end = 0
    for run, (start, stop) in _RUNS.pre_tokenize_str(text):
        kept.append(text[end:start])
        kept += [_rest(part, name) for part in _PARTS.findall(unicodedata.normalize("NFKC", run))]
        end = stop
    return "".join([*kept, text[end:]])


class DocumentWords:
    """Counts the words at the beginning of documents.

    A word that more than half of the documents of a collection have says nothing about one of them:
    a label with the name "IT" would be named by every document that has the word "it". Such a word
    counts 0: it is there, for names that have it too, but it is no evidence.

    Args:
        sample: texts of the collection.
        most: number of words that are read of a text.
    """

    def __init__(self, sample: Iterable[str], most: int) -> None:
        self._most = most
        read = [set(self._read(text)) for text in sample]
        documents = Counter(word for found in read for word in found)
        self._common = frozenset(
            word for word, count in documents.items() if 2 * count > max(len(read), _FEW)
        )

    def __call__(self, text: str) -> WordCounts:
        """Return the words of a document in the order of their first occurrence."""
        counts = Counter(self._read(text))
        return {word: 0 if word in self._common else count for word, count in counts.items()}

    def _read(self, text: str) -> list[str]:
        # A text of megabytes costs no more than another.
        return _with_shorter(words(text[: self._most * _CHARACTERS])[: self._most])


# With fewer documents, no word is known to be common.
_FEW = 20
# Of a word with its blank, at most, in a long text.
_CHARACTERS = 40


def _size(part: str) -> int:
    """Return the length of the pieces of a script without blanks (0: of another script)."""
    return 2 if _IS_CJK.match(part) else 3 if _IS_SOUTH_EAST_ASIAN.match(part) else 0


def _with_shorter(found: list[str]) -> list[str]:
    """Return words that follow each other, and behind them their pieces with one character less."""
    shorter = []
    for word, following in zip(found, [*found[1:], ""], strict=True):
        if len(word) != _size(word):
            continue
        shorter.append(word[:-1])
        if not following.startswith(word[1:]):
            shorter.append(word[1:])
    return found + shorter


def _rest(part: str, name: frozenset[str]) -> str:
    """Return what is left of a part of a run without the words of a name."""
    size = _size(part)
    if not size:
        return "" if name.issuperset(words(part)) else part
    named = {
        place
        for start in range(len(part))
        for stop in (start + size - 1, start + size)
        if stop <= len(part) and part[start:stop] in name
        for place in range(start, stop)
    }
    return "".join(letter for place, letter in enumerate(part) if place not in named)


def _pieces(part: str) -> Iterator[str]:
    size = _size(part)
    if not size:
        yield _singular(part)
        return
    for start in range(max(1, len(part) - size + 1)):
        yield part[start : start + size]


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word in NO_PLURALS:
        return word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]
