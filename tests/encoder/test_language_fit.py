"""An encoder that was not made for the language of the texts is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from lmtx_search.encoder.export import form_folder
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.language_fit import (
    Fit,
    encoder_problem,
    find_tokenizer,
    language_problem,
    other_encoder,
    tokenizer_fit,
)
from tests.support.tiny_encoder import make_tiny_encoder

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


def problem_of(file: Path, texts: list[str], what: str) -> str:
    return language_problem(tokenizer_fit(file, texts), what)


def test_texts_in_the_encoders_language_are_no_reason_for_a_note(english: Path) -> None:
    assert problem_of(english, [ENGLISH] * 10, "labels") == ""


def test_words_of_another_language_are_in_pieces(english: Path) -> None:
    note = problem_of(english, ["die bücherei sammelt bücher für leser"] * 20, "labels")
    assert "not made for the language of the labels" in note
    assert "splits words into" in note
    assert "\n" not in note


@pytest.mark.parametrize("text", ["ห้องสมุดเก็บหนังสือ", "библиотека собирает книги"])
def test_words_of_another_script_are_unknown(english: Path, text: str) -> None:
    assert "does not know 100%" in problem_of(english, [text] * 20, "documents")


def test_characters_that_are_known_one_by_one_fit(english: Path) -> None:
    assert problem_of(english, ["図書図書図書"] * 20, "documents") == ""


def test_of_a_few_words_nothing_is_said(english: Path) -> None:
    assert problem_of(english, ["bücherei", "zeitschrift"], "labels") == ""


def test_numbers_marks_and_single_letters_do_not_count(english: Path) -> None:
    fit = tokenizer_fit(english, ["12,345 -- x ! (c) 2026"] * 100)
    assert (fit.words, fit.word_pieces) == (0, 0)


def test_blanks_that_belong_to_a_piece_do_not_matter(tmp_path: Path) -> None:
    file = unigram(tmp_path, ["▁library", "▁of", "▁books"])
    assert tokenizer_fit(file, ["library of books"] * 20).problem() == ""
    assert "does not know" in tokenizer_fit(file, ["biblioteca de libros"] * 20).problem()


NOT_ENGLISH = "the documents are probably not in English"
CARDS = {
    "en": "---\nlanguage: en\nlicense: mit\n---\n# A model",
    "[en]": "---\nlicense: mit\nlanguage:\n- en\ntags:\n- de\n---\n# A model",
    "[en, de]": "---\nlanguage:\n- en\n- de\n---\n# A model",
    "not said": "---\nlicense: mit\n---\n# A model in the language: en",
}


@pytest.mark.parametrize("name", ["sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2"])
def test_the_default_encoder_needs_not_be_there_to_be_known_as_english(name: str) -> None:
    told = encoder_problem(None, {}, name, NOT_ENGLISH, None)
    assert told == f"{NOT_ENGLISH}, and the encoder {name} was made for English"
    assert encoder_problem(None, {}, name, "", None) == ""
    assert encoder_problem(None, {}, "an/other", NOT_ENGLISH, None) == ""


@pytest.mark.parametrize("card", CARDS)
def test_an_encoder_whose_model_card_names_english_alone_was_made_for_english(
    card: str, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text(CARDS[card])
    told = encoder_problem(tmp_path, {}, "an/other", NOT_ENGLISH, None)
    assert bool(told) is (card in ("en", "[en]"))


REAL = {
    "German": "Die Bücherei der Stadt verleiht Bücher und Zeitschriften an ihre Leser, und alle "
    "können sie vier Wochen lang zu Hause lesen.",
    "French": "La bibliothèque de la ville prête des livres et des revues à ses lecteurs, et "
    "chacun peut les lire chez lui pendant quatre semaines.",
    "Spanish": "La biblioteca de la ciudad presta libros y revistas a sus lectores, y todos pueden "
    "leerlos en casa durante cuatro semanas.",
    "Italian": "La biblioteca della città presta libri e riviste ai lettori, e a tutti è permesso "
    "di leggerli in casa per quattro settimane.",
    "Dutch": "De bibliotheek van de stad leent boeken en tijdschriften uit aan haar lezers, en "
    "iedereen kan ze vier weken in huis hebben.",
    "Vietnamese": "Thư viện của thành phố cho bạn đọc mượn sách và tạp chí, và mọi người có thể "
    "đọc chúng ở nhà trong bốn tuần.",
    "Hindi": "नगर का पुस्तकालय अपने पाठकों को पुस्तकें और पत्रिकाएँ उधार देता है, और हर कोई उन्हें चार सप्ताह "
    "तक घर पर पढ़ सकता है।",
}


@pytest.mark.integration
@pytest.mark.parametrize("text", REAL.values(), ids=REAL)
def test_the_real_tokenizer_of_an_english_encoder_is_known_under_any_name(
    text: str, encoder_folder: Path
) -> None:
    fit = tokenizer_fit(encoder_folder / "tokenizer.json", [text] * 10)
    told = encoder_problem(None, {"documents": fit}, "my-encoder", NOT_ENGLISH, fit)
    assert told == f"{NOT_ENGLISH}, and the encoder my-encoder was made for English"


@pytest.mark.parametrize("split", [True, False])
def test_the_tokenizer_decides_whether_the_documents_are_foreign_to_an_english_encoder(
    split: bool,
) -> None:
    fit = Fit(words=100, word_pieces=155 if split else 115)
    told = encoder_problem(None, {}, "all-MiniLM-L6-v2", NOT_ENGLISH, fit)
    assert bool(told) is split


@pytest.mark.integration
def test_the_real_tokenizer_of_an_english_encoder_fits_english(encoder_folder: Path) -> None:
    fit = tokenizer_fit(encoder_folder / "tokenizer.json", [ENGLISH] * 10)
    assert (fit.english, fit.splits, fit.problem()) == (True, False, "")


def test_a_tokenizer_that_splits_english_words_is_not_one_for_english(english: Path) -> None:
    assert tokenizer_fit(english, [ENGLISH]).english is False


def test_a_tokenizer_that_knows_no_english_word_is_not_one_for_english(tmp_path: Path) -> None:
    assert tokenizer_fit(unigram(tmp_path, ["▁библиотека"]), [ENGLISH]).english is False


def test_the_advice_is_never_the_encoder_that_is_set() -> None:
    assert 'encoder.name = "multilingual-e5-small"' in other_encoder("an/encoder", False)
    for told in (
        other_encoder("multilingual-e5-small", False),
        other_encoder("intfloat/multilingual-e5-small", True),
        other_encoder("sentence-transformers/LaBSE", True),
    ):
        assert "multilingual-e5-small" not in told
        assert "no encoder that `lmtx-search up` downloads knows this language well" in told


def test_an_encoder_has_the_tokenizer_of_its_onnx_form_if_it_has_no_file_of_its_own(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert find_tokenizer(folder, tmp_path) is None
    form = form_folder(encoder_digest(folder), tmp_path)
    form.parent.mkdir()
    make_tiny_encoder(form)
    assert find_tokenizer(folder, tmp_path) == form / "tokenizer.json"
    (folder / "tokenizer.json").write_text("{}")
    assert find_tokenizer(folder, tmp_path) == folder / "tokenizer.json"
