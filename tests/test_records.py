"""Labels as they are stored, and their names in several languages."""

from __future__ import annotations

import json

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.sources.labels import make_label

CHESS = Label("1", "Schach", synonyms=("chess", "échecs"), translations=(("en", "chess"),))


@pytest.mark.parametrize("label", [CHESS, Label("1", "chess", broader=("2",))])
def test_a_stored_label_is_read_as_it_was(label: Label) -> None:
    assert Label.of(json.loads(json.dumps(label.record))) == label


def test_a_label_without_translations_is_stored_as_earlier_releases_read_it() -> None:
    assert "translations" not in Label("1", "chess").record


def test_another_translation_is_another_content() -> None:
    other = Label("1", "Schach", synonyms=CHESS.synonyms, translations=(("en", "the chess"),))
    assert other.digest != CHESS.digest
    assert Label("1", "Schach", synonyms=CHESS.synonyms).digest != CHESS.digest


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "chess"), ("EN-us", "chess"), ("en_US", "chess"), ("de", "Schach"), ("fr", "Schach")],
)
def test_a_name_is_that_of_the_language_or_else_the_text(language: str, name: str) -> None:
    assert CHESS.name_in(language) == name


def test_translations_of_a_record_are_synonyms_too() -> None:
    fields = {"id": "1", "text": "Schach", "translations": {"EN": " chess ", "fr": "échecs"}}
    label = make_label(fields, "labels.jsonl, line 1")
    assert label.translations == (("en", "chess"), ("fr", "échecs"))
    assert label.synonyms == ("chess", "échecs")


@pytest.mark.parametrize(
    "translations",
    [["chess"], "chess", {"en": ""}, {"en": 1}, {"in English": "chess"}, {"": "chess"}],
)
def test_translations_that_are_none_are_one_line(translations: object) -> None:
    fields = {"id": "1", "text": "Schach", "translations": translations}
    with pytest.raises(UserError, match=r"^labels.jsonl, line 1: field translations: must be"):
        make_label(fields, "labels.jsonl, line 1")
