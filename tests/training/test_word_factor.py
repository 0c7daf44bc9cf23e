"""How much words count by a judge's answers."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.training.targets.word_factor import LARGEST, OVERRATED, SMALLEST, word_factor

DEFAULT = 0.5


def answers(slope: float, of_words: float, pairs: int = 2000) -> tuple[list[float], ...]:
    """Return documents, scores, evidence and answers of a judge with these slopes."""
    draw = np.random.default_rng(0)
    documents = np.arange(pairs) // 4
    scores = draw.normal(0.4, 0.15, pairs)
    evidence = draw.uniform(0, 0.5, pairs)
    odds = (
        slope * (scores - 0.4) + of_words * (evidence - 0.25) + draw.normal(size=pairs)[documents]
    )
    return (
        documents.tolist(),
        scores.tolist(),
        evidence.tolist(),
        (1 / (1 + np.exp(-odds))).tolist(),
    )


@pytest.mark.parametrize(("slope", "of_words"), [(8.0, 8.0), (8.0, 24.0)])
def test_words_count_as_in_the_answers_less_what_a_judge_overrates_them(
    slope: float, of_words: float
) -> None:
    found = word_factor(*answers(slope, of_words), DEFAULT)

    assert found == pytest.approx(of_words / slope / OVERRATED, rel=0.2)


def test_without_answers_words_count_as_by_default() -> None:
    assert word_factor([], [], [], [], DEFAULT) == DEFAULT


def test_few_answers_hardly_change_how_much_words_count() -> None:
    found = word_factor(*answers(8.0, 8.0, pairs=12), DEFAULT)

    assert found == pytest.approx(DEFAULT, abs=0.1)


@pytest.mark.parametrize(("of_words", "limit"), [(0.0, SMALLEST), (50.0, LARGEST)])
def test_answers_choose_within_limits(of_words: float, limit: float) -> None:
    assert word_factor(*answers(8.0, of_words), DEFAULT) == limit


def test_answers_that_follow_nothing_leave_the_default_within_the_limits() -> None:
    documents, scores, evidence, _ = answers(8.0, 8.0)

    found = word_factor(documents, scores, evidence, [0.5] * len(scores), DEFAULT)

    assert SMALLEST <= found <= LARGEST
