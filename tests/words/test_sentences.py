"""Sentences, so that one of them can be shown or left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmtx_search.words.sentences import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Plays chess. Reads mail! Why? So.", ["Plays chess.", "Reads mail!", "Why?", "So."]),
        ("Chess\nPlays it.", ["Chess", "Plays it."]),
        ("An abstract\nwith short\nlines.", ["An abstract\nwith short\nlines."]),
        ("Dr. Elo met J. Smith. He left.", ["Dr. Elo met J. Smith.", "He left."]),
        ("Games, e.g. Chess. It is 3.5 MB.", ["Games, e.g. Chess.", "It is 3.5 MB."]),
        ("“Mate!” he said. (It was.) So.", ["“Mate!” he said.", "(It was.)", "So."]),
        ("これは本です。猫がいる！", ["これは本です。", "猫がいる！"]),
        ("Wait. ...", ["Wait. ..."]),
        ("", []),
    ],
)
def test_a_text_ends_its_sentences_where_a_reader_would(text: str, found: list[str]) -> None:
    assert [sentence.strip() for sentence in sentences(text)] == found


def test_a_text_without_an_end_is_cut_between_words() -> None:
    parts = sentences("words " * 200)
    assert len(parts) > 1
    assert {part.strip().split(" ")[-1] for part in parts} == {"words"}


@given(st.text(alphabet="aB .!?\n…。e.g’)"))
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text
