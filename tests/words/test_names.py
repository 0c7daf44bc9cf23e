"""Words: what a label's names and a document have in common."""

from __future__ import annotations

import pytest

from lmtx_search.words.names import DocumentWords, words, words_of_document, words_of_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Libraries", ["library"]),
        ("churches, boxes and glasses", ["church", "box", "and", "glass"]),
        ("bus, chess, basis", ["bus", "chess", "basis"]),
        ("News", ["news"]),
        ("Alzheimer's disease", ["alzheimer", "disease"]),
        ("Straße", ["strasse"]),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("soft\u00adware", ["software"]),
        ("snake_case::tag", ["snake", "case", "tag"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("ελληνικά", ["ελληνικά"]),
        ("C, C++11, C# and F#.", ["c", "c++", "11", "c#", "and", "f#"]),
        ("# C: a+b, page#part", ["c", "a", "b", "page", "part"]),
        (" -- ", []),
    ],
)
def test_a_text_has_words_in_one_form(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("検索エンジン", "新しい検索エンジンの紹介"),
        ("图书馆", "北京大学图书馆开放"),
        ("체스", "체스를 두다"),
        ("หมากรุก", "การแข่งขันหมากรุกไทย"),
    ],
)
def test_in_scripts_without_blanks_a_name_is_found_inside_a_sentence(
    name: str, document: str
) -> None:
    assert set(words(name)) <= set(words(document))
    assert not set(words(name)) <= set(words(document.replace(name, "")))


@pytest.mark.parametrize(
    ("name", "document"), [("税", "所得税の申告"), ("猫", "黒猫"), ("ปี", "สวัสดีปีใหม่")]
)
def test_a_name_that_is_shorter_than_a_piece_is_found_inside_a_sentence(
    name: str, document: str
) -> None:
    assert set(words(name)) <= set(words_of_document(document))
    assert set(words(name)) <= DocumentWords([], 100)(document).keys()
    assert not set(words(name)) <= set(words_of_document(document.replace(name, "")))


def test_names_of_the_same_words_are_one_name_and_names_without_words_are_none() -> None:
    assert words_of_names(["web browser", "browsers, web", "!", "WWW client"]) == [
        {"web", "browser"},
        {"www", "client"},
    ]


def test_a_word_of_more_than_half_of_the_documents_counts_nothing() -> None:
    sample = [f"it is about topic{number}" for number in range(40)]
    read = DocumentWords(sample, 100)
    assert read("It is chess, chess!") == {"it": 0, "is": 0, "chess": 2}


def test_of_few_documents_no_word_is_common() -> None:
    assert DocumentWords(["chess"] * 9, 100)("chess") == {"chess": 1}


def test_words_after_the_part_that_the_encoder_reads_are_not_read() -> None:
    assert DocumentWords([], 2)("one two three") == {"one": 1, "two": 1}
