"""Whether encoder and judge fit the languages of labels and documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.settings import EncoderSettings, OllamaSettings, Settings
from lmtx_search.training.languages import language_notes, language_problems

ENGLISH = ["The library of the town lends books and journals to all of its readers."] * 20
GERMAN = ["Die Bücherei der Stadt verleiht Bücher und Zeitschriften an ihre Leser."] * 20
DEFAULT_JUDGE = OllamaSettings().model


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with the default encoder, which is not on this machine, and the default judge."""
    return Settings(cache_dir=tmp_path)


def test_a_judge_for_english_does_not_fit_documents_in_another_language() -> None:
    ((problem, advice),) = language_problems(None, DEFAULT_JUDGE, [], GERMAN)
    assert f"the judge {DEFAULT_JUDGE} knows little of other languages" in problem
    assert "--model" in advice


@pytest.mark.parametrize(
    ("judge", "documents"),
    [(DEFAULT_JUDGE, ENGLISH), ("gemma3:4b", GERMAN), (DEFAULT_JUDGE, GERMAN[:1])],
    ids=["English documents", "another judge", "too few words"],
)
def test_otherwise_nothing_is_said_about_the_judge(judge: str, documents: list[str]) -> None:
    assert list(language_problems(None, judge, [], documents)) == []


def test_the_default_encoder_needs_not_be_there_to_be_known_as_english(settings: Settings) -> None:
    encoder, judge = language_notes(settings, documents=GERMAN)
    assert encoder.startswith("The documents are probably not in English, and the encoder")
    assert 'encoder.name = "multilingual-e5-small"' in encoder
    assert judge.startswith("The documents are probably not in English, and the judge")
    assert language_notes(settings, documents=ENGLISH) == []


def test_an_encoder_that_cannot_be_used_is_no_reason_for_a_note(settings: Settings) -> None:
    wrong = settings.model_copy(update={"encoder": EncoderSettings(name="/nowhere/encoder")})
    assert language_notes(wrong, documents=ENGLISH) == []
