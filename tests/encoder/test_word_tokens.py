"""Tokens that are remembered word by word are those of the tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmtx_search.encoder.word_tokens import WordWiseTokenizer
from tests.support.random_encoders import SENTENCES, make_tokenizer

TOKENS = 12
WORDS = " ".join(SENTENCES).split()
PARTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from([" ", "\n", "\t", "\x0b", "\x1c", "\x85", "\xa0", "\u2003", "\u2028"]),
    st.sampled_from(
        ["[SEP]", "[MASK]", "x" * 150, "a" * 41, "İ", "ΟΔΟΣ", "e\u0301", "\u0301", "数学"]
    ),
    st.text(max_size=3),
)


def read(tokenizer, text: str, windows: int) -> list[list[int]]:  # type: ignore[no-untyped-def]
    tokenizer.enable_truncation(TOKENS)
    whole = tokenizer.encode(text)
    return [whole.ids, *(one.ids for one in whole.overflowing[: windows - 1])]


@pytest.mark.parametrize("windows", [1, 3])
@settings(deadline=None)  # making a tokenizer takes longer on a busy machine
@given(parts=st.lists(PARTS, max_size=30))
def test_any_text_has_the_tokens_of_the_tokenizer(windows: int, parts: list[str]) -> None:
    tokenizer = make_tokenizer("wordpiece")
    word_wise = WordWiseTokenizer.of(tokenizer, TOKENS)
    assert word_wise is not None
    text = "".join(parts)
    assert word_wise.windows([text], windows) == [read(tokenizer, text, windows)]


@pytest.mark.parametrize("kind", ["bytes", "unigram"])
def test_a_tokenizer_that_does_not_split_at_blanks_first_is_left_as_it_is(kind: str) -> None:
    assert WordWiseTokenizer.of(make_tokenizer(kind), TOKENS) is None


def test_a_tokenizer_with_a_token_that_has_a_blank_is_left_as_it_is() -> None:
    tokenizer = make_tokenizer("wordpiece")
    tokenizer.add_tokens(["new york"])
    assert WordWiseTokenizer.of(tokenizer, TOKENS) is None
