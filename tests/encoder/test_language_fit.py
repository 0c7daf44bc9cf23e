"""An encoder that was not made for the language of the texts is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from lmtx_search.encoder.language_fit import language_note, tokenizer_fit

ENGLISH = "the library collects books and journals for the readers of the town"
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß図書"


@pytest.fixture
def english(tmp_path: Path) -> Path:
    """A tokenizer that knows English words and splits all others into letters."""
    words = ["[UNK]", *sorted(set(ENGLISH.split())), *LETTERS, *(f"##{one}" for one in LETTERS)]
    vocabulary = {word: place for place, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def unigram(folder: Path, pieces: list[str]) -> Path:
    vocabulary = [("<unk>", 0.0), *((piece, -1.0) for piece in pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def test_texts_in_the_encoders_language_are_no_reason_for_a_note(english: Path) -> None:
    assert language_note(english, [ENGLISH] * 10, "labels") == ""


def test_words_of_another_language_are_in_pieces(english: Path) -> None:
    note = language_note(english, ["die bücherei sammelt bücher für leser"] * 20, "labels")
    assert "not made for the language of the labels" in note
    assert "splits words into" in note
    assert "encoder.name" in note
    assert "\n" not in note


@pytest.mark.parametrize("text", ["ห้องสมุดเก็บหนังสือ", "библиотека собирает книги"])
def test_words_of_another_script_are_unknown(english: Path, text: str) -> None:
    assert "does not know 100%" in language_note(english, [text] * 20, "documents")


def test_characters_that_are_known_one_by_one_fit(english: Path) -> None:
    assert language_note(english, ["図書図書図書"] * 20, "documents") == ""


def test_of_a_few_words_nothing_is_said(english: Path) -> None:
    assert language_note(english, ["bücherei", "zeitschrift"], "labels") == ""


def test_numbers_marks_and_single_letters_do_not_count(english: Path) -> None:
    fit = tokenizer_fit(english, ["12,345 -- x ! (c) 2026"] * 100)
    assert (fit.words, fit.word_pieces) == (0, 0)


def test_blanks_that_belong_to_a_piece_do_not_matter(tmp_path: Path) -> None:
    file = unigram(tmp_path, ["▁library", "▁of", "▁books"])
    assert tokenizer_fit(file, ["library of books"] * 20).problem() == ""
    assert "does not know" in tokenizer_fit(file, ["biblioteca de libros"] * 20).problem()


def test_a_folder_without_a_tokenizer_file_says_nothing(tmp_path: Path) -> None:
    assert language_note(tmp_path / "tokenizer.json", ["bücherei"] * 100, "labels") == ""
