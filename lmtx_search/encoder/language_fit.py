"""Notices that an encoder was not made for the language of some texts, by how it splits them.

A tokenizer keeps most words of its own languages whole. English encoders split English words into
1.0 to 1.5 pieces on average and German ones into 2.5 to 4, so that little of a word's meaning is
left. In scripts without blanks between words, what counts are characters that are in no vocabulary,
or that need several pieces each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lmtx_search.encoder.folder import read_json

MOST_TEXTS = 500
"""Texts that are looked at."""

ADVICE = (
    'set encoder.name = "multilingual-e5-small", which `lmtx-search up` downloads, or an encoder '
    "for that language. Untrained, its first label was right for 37 % of some German records, and "
    "that of the default encoder for 21 %. It needs about twice as long for a document"
)

_CHARACTERS = 1000  # of each text
_LEAST_WORDS = 50
# A multilingual tokenizer splits more, and knows more pieces.
_MULTILINGUAL = 100_000
_MOST_PIECES_OF_WORD = {False: 1.7, True: 3.0}
_MOST_PIECES_OF_CHARACTER = 1.3
_MOST_UNKNOWN = 0.05
# Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer: words are not set apart, or are dense.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[^\W\d_{_DENSE}]{{2,}}|(?P<dense>[{_DENSE}]+)")


@dataclass(slots=True)
class Fit:
    """How a tokenizer splits some texts.

    Attributes:
        words: in scripts with blanks between words.
        word_pieces: tokens of these words.
        characters: in scripts without.
        character_pieces: tokens of these characters.
        unknown: tokens of either that stand for something that is in no vocabulary.
        multilingual: the tokenizer knows as many pieces as those for many languages do.
    """

    multilingual: bool = False
    words: int = 0
    word_pieces: int = 0
    characters: int = 0
    character_pieces: int = 0
    unknown: int = 0

    def problem(self) -> str:
        """Return what does not fit, or nothing if the texts fit or are too few to tell."""
        pieces = self.word_pieces + self.character_pieces
        most = _MOST_PIECES_OF_WORD[self.multilingual]
        if self.words + self.characters < _LEAST_WORDS:
            return ""
        if self.unknown > _MOST_UNKNOWN * pieces:
            return f"does not know {self.unknown / pieces:.0%} of the words and characters"
        if self.words >= _LEAST_WORDS and self.word_pieces > most * self.words:
            each = self.word_pieces / self.words
            return f"splits words into {each:.1f} pieces on average"
        if self.character_pieces > _MOST_PIECES_OF_CHARACTER * self.characters:
            each = self.character_pieces / self.characters
            return f"splits characters into {each:.1f} pieces on average"
        return ""


def tokenizer_fit(tokenizer_file: Path, texts: Iterable[str]) -> Fit:
    """Return how a tokenizer splits the first of the texts."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = read_json(tokenizer_file)["model"]
    # Unigram models name the unknown token by its place.
    unknown = model.get("unk_id")
    if unknown is None and model.get("unk_token"):
        unknown = tokenizer.token_to_id(model["unk_token"])
    fit = Fit(multilingual=tokenizer.get_vocab_size() >= _MULTILINGUAL)
    sample = [text[:_CHARACTERS] for text in islice(texts, MOST_TEXTS)]
    for text, encoding in zip(
        sample, tokenizer.encode_batch(sample, add_special_tokens=False), strict=True
    ):
        kinds = [" "] * len(text)
        for found in _WORD.finditer(text):
            start, stop = found.span()
            if found["dense"]:
                fit.characters += stop - start
            else:
                fit.words += 1
            kinds[start:stop] = ("d" if found["dense"] else "w") * (stop - start)
        for token, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True):
            kind = kinds[stop - 1] if stop > start else " "
            fit.word_pieces += kind == "w"
            fit.character_pieces += kind == "d"
            fit.unknown += kind != " " and token == unknown
    return fit


def language_problem(tokenizer_file: Path, texts: Iterable[str], what: str) -> str:
    """Return in words that the encoder does not fit the texts, else nothing.

    Args:
        what: the texts, in words ("labels").
    """
    problem = tokenizer_fit(tokenizer_file, texts).problem() if tokenizer_file.is_file() else ""
    if not problem:
        return ""
    return (
        f"the encoder was probably not made for the language of the {what}: it {problem}, and the "
        "tags will be worse for it"
    )


def language_note(tokenizer_file: Path, texts: Iterable[str], what: str) -> str:
    """Return :func:`language_problem` with what to do about it, for the user."""
    problem = language_problem(tokenizer_file, texts, what)
    return f"{problem[0].upper()}{problem[1:]}: {ADVICE}" if problem else ""
