"""Notices that an encoder was not made for the language of some texts, by how it splits them.

A tokenizer keeps most words of its own languages whole. English encoders split English words into
1.0 to 1.5 pieces on average and German ones into 2.5 to 4, so that little of a word's meaning is
left. In scripts without blanks between words, what counts are characters that are in no vocabulary,
or that need several pieces each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.encoder.export import form_folder
from lmtx_search.encoder.folder import (
    DOWNLOADED_ENCODERS,
    encoder_digest,
    first_module,
    read_json,
)
from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.words.english import DENSE

_MULTILINGUAL_ENCODER = DOWNLOADED_ENCODERS[1]
DOCUMENTS, LABELS = "documents", "labels"

_CHARACTERS = 1000  # of each text
_LEAST_WORDS = 50
# A multilingual tokenizer splits more, and knows more pieces.
_MULTILINGUAL = 100_000
_MOST_PIECES_OF_WORD = {False: 1.7, True: 3.0}
_MOST_PIECES_OF_CHARACTER = 1.3
_MOST_UNKNOWN = 0.05
_WORD = re.compile(rf"[^\W\d_{DENSE}]{{2,}}|(?P<dense>[{DENSE}]+)")
# Words that a tokenizer for English keeps whole, and one for another single language does not.
_ENGLISH_WORDS = (
    "government library history science question knowledge language different important company "
    "development research university management military hospital education environment building "
    "agriculture philosophy temperature successful throughout themselves necessary beautiful "
    "although everything yesterday children together another because between something weather "
    "brother daughter breakfast husband kitchen thought"
)
_MOST_PIECES_OF_ENGLISH_WORD = 1.1
# A tokenizer for English and another language splits neither. One for English alone splits lists of
# English words into 1.1 to 1.4 pieces each, and words of French, which it splits least, into 1.5.
_FEW_PIECES_OF_WORD = 1.4
# The languages in the header of a model card: on the same line, or a list on the lines below.
_CARD_LANGUAGES = re.compile(r"^language:[ \t]*((?:\S.*)|(?:\n[ \t]*-.*)+)", re.MULTILINE)


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
        english: the tokenizer was made for English alone.
    """

    multilingual: bool = False
    english: bool = False
    words: int = 0
    word_pieces: int = 0
    characters: int = 0
    character_pieces: int = 0
    unknown: int = 0

    @property
    def splits(self) -> bool:
        """Whether the texts are split more than those of the tokenizer's own languages."""
        dense = self.characters > self.words
        return dense or self.word_pieces >= _FEW_PIECES_OF_WORD * self.words

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


def find_tokenizer(encoder: Path, cache_dir: Path) -> Path | None:
    """Return an encoder's ``tokenizer.json``: its own, or that of its ONNX form (None: neither).

    Args:
        encoder: a sentence-transformers folder or an ONNX form.
        cache_dir: the product's cache folder.
    """
    for place in (encoder, first_module(encoder)):
        if (place / TOKENIZER_FILE).is_file():
            return place / TOKENIZER_FILE
    form = form_folder(encoder_digest(encoder), cache_dir) / TOKENIZER_FILE
    return form if form.is_file() else None


def tokenizer_fit(tokenizer_file: Path, texts: Iterable[str]) -> Fit:
    """Return how a tokenizer splits texts."""
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
    pieces = tokenizer.encode(_ENGLISH_WORDS, add_special_tokens=False).ids
    most = _MOST_PIECES_OF_ENGLISH_WORD * len(_ENGLISH_WORDS.split())
    fit.english = not fit.multilingual and unknown not in pieces and len(pieces) <= most
    sample = [text[:_CHARACTERS] for text in texts]
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


def encoder_problem(
    encoder: Path | None, fits: Mapping[str, Fit], name: str, not_english: str, others: Fit | None
) -> str:
    """Return in words that an encoder does not fit some texts, else nothing.

    Args:
        encoder: its folder (None: not on this machine yet).
        fits: how its tokenizer splits texts, by what these are ("labels"); may be empty.
        name: ``encoder.name`` of the settings.
        not_english: says that some documents are not in English (empty: nothing shows that).
        others: how its tokenizer splits these documents (None: it is not there).
    """
    english = made_for_english(encoder, name) or (others is not None and others.english)
    if not_english and english and (others is None or others.splits):
        return f"{not_english}, and the encoder {name} was made for English"
    return next(filter(None, (language_problem(fit, what) for what, fit in fits.items())), "")


def language_problem(fit: Fit, what: str) -> str:
    """Return in words that a tokenizer, and so the encoder, does not fit some texts, else nothing.

    Args:
        fit: how the tokenizer splits the texts.
        what: the texts, in words ("labels").
    """
    problem = fit.problem()
    if not problem:
        return ""
    return (
        f"the encoder was probably not made for the language of the {what}: it {problem}, and the "
        "tags will be worse for it"
    )


def made_for_english(encoder: Path | None, name: str) -> bool:
    """Tell whether this is the default encoder, or one whose model card names English alone."""
    if name.split("/")[-1] == DOWNLOADED_ENCODERS[0]:
        return True
    card = encoder and encoder / "README.md"
    if card is None or not card.is_file():
        return False
    header = re.match(r"---\n(.*?)\n---", card.read_text("utf-8", "replace"), re.DOTALL)
    languages = _CARD_LANGUAGES.search(header[1]) if header else None
    return languages is not None and set(re.findall(r"\w+", languages[1])) == {"en"}


def other_encoder(name: str, multilingual: bool) -> str:
    """Return what to do about an encoder that does not fit.

    Args:
        name: ``encoder.name`` of the settings.
        multilingual: its tokenizer was made for many languages, and splits the texts all the same.
    """
    if multilingual or name.split("/")[-1] == _MULTILINGUAL_ENCODER:
        return (
            "no encoder that `lmtx-search up` downloads knows this language well: set encoder.name "
            "to an encoder that was made for it, if there is one"
        )
    return (
        f'set encoder.name = "{_MULTILINGUAL_ENCODER}", which `lmtx-search up` downloads, or an '
        "encoder for that language. Untrained, its first label was right for 37 % of some German "
        "records, and that of the default encoder for 21 %. It needs about twice as long for a "
        "document"
    )
