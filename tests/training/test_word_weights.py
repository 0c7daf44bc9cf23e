"""How much words count by what a judge and people answer."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.training.targets.word_weights import LARGEST, OVERRATED, word_weights
from lmtx_search.words.weights import DEFAULT_WEIGHTS, WordWeights

DEFAULT = DEFAULT_WEIGHTS.times(0.5)
SLOPE = 8.0


def answers(
    weights: WordWeights, pairs: int = 4000
) -> tuple[list[int], NDArray[np.float64], list[float], list[bool]]:
    """Return documents, features and answers of a judge that weighs words like this."""
    draw = np.random.default_rng(0)
    documents = np.arange(pairs) // 4
    cosines = draw.normal(0.4, 0.15, pairs)
    evidence = draw.uniform(0, 1, (pairs, 3)) * (1, 1, 0)
    evidence[:, 2] = draw.integers(0, 2, pairs)
    features = np.column_stack([cosines, evidence])
    odds = SLOPE * (features - features.mean(axis=0)) @ [1, *astuple(weights)]
    odds += draw.normal(size=pairs)[documents]
    return documents.tolist(), features, (1 / (1 + np.exp(-odds))).tolist(), [False] * pairs


def test_words_count_as_in_the_answers_less_what_a_judge_overrates() -> None:
    said = WordWeights(0.6, 0.2, 0.25)

    found = word_weights(*answers(said), DEFAULT)

    expected = np.divide(astuple(said), astuple(OVERRATED))
    assert astuple(found) == pytest.approx(expected, rel=0.2)


def test_what_people_say_counts_as_it_is() -> None:
    said = WordWeights(0.6, 0.15, 0.15)
    documents, features, right, _ = answers(said)

    found = word_weights(documents, features, right, [True] * len(documents), DEFAULT)

    assert astuple(found) == pytest.approx(astuple(said), rel=0.2)


def test_without_answers_words_count_as_by_default() -> None:
    assert word_weights([], np.empty((0, 4)), [], [], DEFAULT) == DEFAULT


def test_few_answers_change_less_than_many() -> None:
    said = WordWeights(0.9, 0.0, 0.0)

    few, many = (word_weights(*answers(said, pairs=pairs), DEFAULT) for pairs in (8, 4000))

    assert DEFAULT.similarity < few.similarity < (DEFAULT.similarity + many.similarity) / 2


@pytest.mark.parametrize(
    ("said", "limit"),
    [(WordWeights(-1, -1, -1), WordWeights(0, 0, 0)), (WordWeights(9, 9, 9), LARGEST)],
)
def test_answers_choose_within_limits(said: WordWeights, limit: WordWeights) -> None:
    assert word_weights(*answers(said), DEFAULT) == limit


def test_answers_leave_larger_weights_than_they_can_choose() -> None:
    found = word_weights(*answers(WordWeights(9, 9, 9)), WordWeights(0.3, 0.4, 0.4))
    assert (found.share, found.complete) == (0.4, 0.4)


def test_answers_that_follow_nothing_leave_words_near_what_they_are_by_default() -> None:
    documents, features, _, by_people = answers(DEFAULT, pairs=40)

    found = word_weights(documents, features, [0.5] * len(documents), by_people, DEFAULT)

    assert astuple(found) == pytest.approx(astuple(DEFAULT), abs=0.1)
