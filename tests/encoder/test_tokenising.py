"""A long text has the same windows whether all of it is tokenised or only its beginning."""

from __future__ import annotations

import random

import pytest

from lmtx_search.encoder.tokenising import encode_beginnings
from tests.support.random_encoders import SENTENCES, make_tokenizer

TOKENS = 24


class Counting:
    """Counts the characters that a tokenizer reads."""

    def __init__(self, tokenizer) -> None:  # type: ignore[no-untyped-def]
        self.tokenizer = tokenizer
        self.characters = 0

    def encode_batch_fast(self, texts: list[str]) -> list[object]:
        self.characters += sum(map(len, texts))
        found: list[object] = self.tokenizer.encode_batch_fast(texts)
        return found


def texts() -> list[str]:
    rand = random.Random(0)
    words = " ".join(SENTENCES).split()
    found = [
        rand.choice(["", " ", "\n"]).join(rand.choices(["  ", "\n\n", *words], k=size))
        for size in (0, 1, 5, 100, 1000, 3000)
        for _ in range(5)
    ]
    plain = [
        " ".join(rand.choices(words, k=2000)).encode("ascii", "ignore").decode() for _ in "abcd"
    ]
    blanks = " " * 50_000 + plain[0]
    return [*found, *plain, blanks, "x" * 50_000, "x " * 10_000, "数学 " * 5_000]


@pytest.mark.parametrize("windows", [1, 3])
@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "unigram"])
def test_the_windows_are_those_of_the_whole_text(kind: str, windows: int) -> None:
    tokenizer = make_tokenizer(kind)
    tokenizer.enable_truncation(TOKENS)
    whole = tokenizer.encode_batch_fast(texts())
    found = encode_beginnings(tokenizer, texts(), windows, TOKENS)
    for some, every in zip(found, whole, strict=True):
        assert some.ids == every.ids
        assert [one.ids for one in some.overflowing[: windows - 1]] == [
            one.ids for one in every.overflowing[: windows - 1]
        ]


def test_the_end_of_a_long_text_is_not_tokenised() -> None:
    counting = Counting(make_tokenizer("wordpiece"))
    counting.tokenizer.enable_truncation(TOKENS)
    encode_beginnings(counting, ["chess and astronomy " * 5_000], 1, TOKENS)
    assert 0 < counting.characters <= TOKENS * 12
