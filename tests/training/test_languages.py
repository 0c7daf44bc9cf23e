"""Whether encoder and judge fit the languages of labels and documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from lmtx_search.records import Document, Label
from lmtx_search.settings import EncoderSettings, OllamaSettings, Settings
from lmtx_search.training.languages import language_notes, language_problems, note_languages
from tests.support.notes import Notes

ENGLISH = ["The library of the town lends books and journals to all of its readers."] * 20
GERMAN = ["Die Bücherei der Stadt verleiht Bücher und Zeitschriften an ihre Leser."] * 20
DEFAULT_JUDGE = OllamaSettings().model


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with the default encoder, which is not on this machine, and the default judge."""
    return Settings(cache_dir=tmp_path)


def told_of_judge(judge: str, documents: list[str]) -> list[str]:
    other = Settings(encoder=EncoderSettings(name="an/other"))
    return [problem for problem, _ in language_problems(other, None, judge, [], documents)]


ENGLISH_JUDGES = (
    DEFAULT_JUDGE,
    "hf.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:Q4_K_M",
    "Qwen_Qwen2.5-Coder-1.5B-Instruct-Q4_K_M.gguf",
    *("phi3:mini", "phi:2.7b", "Phi-3-mini-4k-instruct-q4.gguf", "phi-2.Q4_K_M.gguf"),
    *("tinyllama", "smollm:135m", "smollm2:1.7b", "SmolLM-360M-Instruct.gguf"),
    *("stablelm-zephyr", "starcoder2:3b", "deepseek-coder:1.3b", "codellama:7b", "codegemma:2b"),
)
OTHER_JUDGES = ("gemma3:4b", "qwen2.5:3b", "llama3.2:3b", "phi3.5", "phi4-mini", "smollm3:3b")


@pytest.mark.parametrize("judge", ENGLISH_JUDGES)
def test_a_judge_for_english_does_not_fit_documents_in_another_language(judge: str) -> None:
    (problem,) = told_of_judge(judge, GERMAN)
    assert f"the judge {judge} knows little of other languages" in problem


@pytest.mark.parametrize("judge", OTHER_JUDGES)
def test_of_a_judge_for_many_languages_nothing_is_said(judge: str) -> None:
    assert told_of_judge(judge, GERMAN) == []


@pytest.mark.parametrize("documents", [ENGLISH, GERMAN[:1]], ids=["English", "too few words"])
def test_documents_in_english_fit_the_judge(documents: list[str]) -> None:
    assert told_of_judge(DEFAULT_JUDGE, documents) == []


def test_the_share_of_documents_in_another_language_is_said(settings: Settings) -> None:
    long = [[" ".join(texts[:2])] * 20 for texts in (ENGLISH, GERMAN)]
    encoder, judge = language_notes(settings, documents=[*long[0], *long[1]])
    assert encoder.startswith("About 50 % of the documents are probably not in English, and the en")
    assert judge.startswith("About 50 % of the documents are probably not in English, and the jud")
    assert language_notes(settings, documents=[*long[0] * 9, *long[1]]) == []


def test_both_notes_name_a_setting_that_helps(settings: Settings) -> None:
    encoder, judge = language_notes(settings, documents=GERMAN)
    assert 'encoder.name = "multilingual-e5-small"' in encoder
    assert "--model" in judge
    assert language_notes(settings, documents=ENGLISH) == []


def test_an_encoder_that_cannot_be_used_is_no_reason_for_a_note(settings: Settings) -> None:
    wrong = settings.model_copy(update={"encoder": EncoderSettings(name="/nowhere/encoder")})
    assert language_notes(wrong, documents=ENGLISH) == []


def word_pieces(folder: Path) -> Path:
    """Make a folder with a tokenizer that knows the words of the English texts and letters."""
    folder.mkdir()
    words = {word.strip(".,").lower() for word in " ".join(ENGLISH[:1]).split()}
    letters = "abcdefghijklmnopqrstuvwxyzäöüß"
    pieces = ["[UNK]", ".", ",", *sorted(words), *letters, *(f"##{one}" for one in letters)]
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.mark.parametrize(("texts", "count"), [(GERMAN, 2), (ENGLISH, 0)], ids=["German", "English"])
def test_a_run_says_it_of_its_encoder_and_its_judge(
    texts: list[str], count: int, tmp_path: Path
) -> None:
    notes = Notes()
    labels = [Label(str(place), "Bücherei der Stadt") for place in range(count)]
    documents = [Document(str(place), text) for place, text in enumerate(texts)]
    settings = Settings(cache_dir=tmp_path, encoder=EncoderSettings(name="word-pieces"))
    base = word_pieces(tmp_path / "base")
    note_languages(settings, base, DEFAULT_JUDGE, labels, documents, notes)
    assert len(notes.kept) == count
    if count:
        encoder, judge = notes.kept
        assert "the language of the documents: it splits words into" in encoder
        assert f"the judge {DEFAULT_JUDGE} knows little of other languages" in judge


@pytest.mark.integration
def test_the_real_english_encoder_tells_the_language_of_labels_for_the_judge(
    encoder_folder: Path,
) -> None:
    settings = Settings(encoder=EncoderSettings(name="my-encoder"))
    german = ["Bibliothekswissenschaft", "Großhandelsgeschäft", "Urheberrecht"] * 20
    found = list(language_problems(settings, encoder_folder, DEFAULT_JUDGE, german, []))
    assert "not made for the language of the labels" in found[0][0]
    assert found[1][0].startswith("the labels are probably not in English, and the judge")
    english = ["Library science", "Wholesale trade", "Copyright law"] * 20
    assert not list(language_problems(settings, encoder_folder, DEFAULT_JUDGE, english, []))


PARTS = [
    "Stainless steel hex bolt M8 x 40 mm DIN 933 A2 full thread pack 100",
    "Brass ball valve 1/2 inch BSP female PN25 lever handle",
    "Copper pipe fitting elbow 90 degree 22 mm solder joint",
    "Wireless headphones noise cancelling over ear foldable microphone black",
] * 10
FRENCH = [
    "La bibliothèque de la ville prête des livres et des revues à ses lecteurs, et chacun peut les "
    "lire chez lui pendant quatre semaines."
] * 10


@pytest.mark.integration
def test_lists_of_english_words_fit_the_default_encoder_and_judge(encoder_folder: Path) -> None:
    def told(documents: list[str]) -> list[str]:
        found = language_problems(Settings(), encoder_folder, DEFAULT_JUDGE, [], documents)
        return [problem for problem, _ in found]

    assert told(PARTS) == []
    encoder, judge = told([*FRENCH, *[ENGLISH[0] * 3] * 30])
    assert encoder.startswith("about 25 % of the documents are probably not in English, and the en")
    assert judge.startswith("about 25 % of the documents")
