"""Of many texts a random sample is kept."""

from __future__ import annotations

from lmtx_search.words.text_sample import MOST_TEXTS, TextSample


def sample_of(texts: list[str]) -> list[str]:
    sample = TextSample()
    for text in texts:
        sample.add(text)
    return sample.texts


def test_of_a_few_texts_all_are_kept() -> None:
    assert sample_of(["a", "b", "a"]) == ["a", "b", "a"]


def test_late_texts_have_the_same_chance_as_the_first_ones() -> None:
    kept = sample_of([*["first"] * MOST_TEXTS, *["later"] * 9 * MOST_TEXTS])
    assert len(kept) == MOST_TEXTS
    assert 0.85 < kept.count("later") / MOST_TEXTS < 0.95
