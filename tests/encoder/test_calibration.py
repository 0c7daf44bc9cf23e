"""What a score is worth, from a judge's answers."""

from __future__ import annotations

import math
import random

import pytest

from lmtx_search.encoder.calibration import LEAST_PAIRS, fit_calibration


def answers(
    count: int, slope: float, intercept: float, label: str = "a", offset: float = 0.0
) -> list[tuple[str, float, float]]:
    scores = [random.Random(row).uniform(0.1, 0.8) for row in range(count)]
    return [
        (label, score, 1 / (1 + math.exp(-(slope * score + intercept + offset))))
        for score in scores
    ]


def test_the_curve_that_the_answers_lie_on_is_found() -> None:
    found = fit_calibration(answers(400, 9.0, -4.0))
    assert found is not None
    for score in (0.2, 0.44, 0.7):
        expected = 1 / (1 + math.exp(-(9 * score - 4)))
        assert found.probability("b", score) == pytest.approx(expected, abs=0.01)


def test_a_label_that_is_judged_often_gets_more_of_its_own() -> None:
    usual = answers(400, 9.0, -4.0)
    often = fit_calibration([*usual, *answers(80, 9.0, -4.0, "liked", 1.5)])
    seldom = fit_calibration([*usual, *answers(10, 9.0, -4.0, "liked", 1.5)])
    once = fit_calibration([*usual, *answers(2, 9.0, -4.0, "liked", 1.5)])
    assert often is not None
    assert seldom is not None
    assert once is not None
    assert once.probability("liked", 0.4) == once.probability("new", 0.4)
    assert (
        seldom.probability("new", 0.4)
        < seldom.probability("liked", 0.4)
        < often.probability("liked", 0.4)
    )


def test_too_few_answers_and_answers_that_say_nothing_give_no_curve() -> None:
    assert fit_calibration(answers(LEAST_PAIRS - 1, 9.0, -4.0)) is None
    assert fit_calibration(answers(100, -9.0, 4.0)) is None
    assert fit_calibration([("a", 0.5, 0.1 * row) for row in range(10)] * 4) is None


def test_extreme_answers_are_no_error() -> None:
    sure = [("a", 0.2, 0.0)] * 50 + [("a", 0.8, 1.0)] * 50
    found = fit_calibration(sure)
    assert found is not None
    assert found.probability("a", -1) < 0.01 < 0.99 < found.probability("a", 1)
