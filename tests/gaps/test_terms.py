"""Telling terms, in scripts with and without blanks between words."""

from __future__ import annotations

import pytest

from lmtx_search.gaps.terms import telling_terms

OTHERS = ["mail letter", "mail stamp", "web page", "chess board", "so", "a spreadsheet", "nothing"]


def terms_of(*texts: str, others: list[str] = OTHERS) -> list[str]:
    (terms,) = telling_terms([*texts, *others], [list(range(len(texts)))])
    return terms


def test_a_word_of_a_single_document_tells_nothing_about_its_theme() -> None:
    assert terms_of("roses orchids", "roses tulips") == ["roses"]


def test_texts_that_share_no_word_have_no_terms() -> None:
    assert telling_terms(["one", "two", "three"], [[0, 1]]) == [[]]


def test_words_are_shown_as_they_are_written_and_pairs_skip_english_stop_words() -> None:
    found = terms_of("Histories of gardens, 1", "The histories of gardens 2", "Gardens' histories")
    assert found == ["histories gardens"]


def test_a_name_with_underscores_is_one_word() -> None:
    assert terms_of("read_the_file here", "read_the_file there") == ["read_the_file"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        # Vowel signs are marks: these are two words in each text.
        (
            (
                "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u0935\u093f\u0924\u093e",
                "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u0939\u093e\u0928\u0940",
            ),
            "\u0939\u093f\u0928\u094d\u0926\u0940",
        ),
        (
            (
                "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0b95\u0bb5\u0bbf\u0ba4\u0bc8",
                "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0b95\u0ba4\u0bc8",
            ),
            "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd",
        ),
        # The pieces of a word are joined as far as the texts agree.
        (("新しい機械学習の方法。", "これは機械学習です。", "機械学習、入門。"), "機械学習"),
        (("สวนดอกไม้สวย", "ปลูกดอกไม้", "ขายดอกไม้"), "ดอกไม้"),
    ],
    ids=["Hindi", "Tamil", "Japanese", "Thai"],
)
def test_words_of_other_scripts_are_whole(texts: tuple[str, ...], expected: str) -> None:
    assert terms_of(*texts)[0] == expected
