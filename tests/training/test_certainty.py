"""Intervals and tests of LLM-P@1, against values from scipy and from the literature."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.training.certainty import (
    chance_of_change,
    difference_interval,
    share_interval,
)
from lmtx_search.training.development import changed


@pytest.mark.parametrize(("right", "documents"), [(0, 10), (5, 10), (56, 100), (30, 30)])
def test_the_interval_is_wilsons(right: int, documents: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(right, documents).proportion_ci(method="wilson")
    found = share_interval(right / documents, documents)
    assert found == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("better", "worse"), [(1, 0), (9, 1), (4, 4), (3, 12)])
def test_the_chance_of_a_change_is_that_of_the_sign_test(better: int, worse: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(better, better + worse).pvalue
    assert chance_of_change(better, worse) == pytest.approx(expected)


def test_without_a_change_nothing_is_certain() -> None:
    assert chance_of_change(0, 0) == 1.0


def test_the_interval_of_a_paired_difference_holds_the_true_one() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        better, worse, _ = random.multinomial(60, [0.2, 0.1, 0.7])
        low, high = difference_interval(int(better), int(worse), 60)
        held += low <= 0.1 <= high
    assert held / 1000 == pytest.approx(0.95, abs=0.02)


def test_changes_are_counted_on_documents_whose_first_labels_were_both_judged() -> None:
    before, after = {"a": "x", "b": "x", "c": "x", "d": "x"}, dict.fromkeys("abcd", "y")
    p_yes = {
        "a": {"x": 0.1, "y": 0.9},
        "b": {"x": 0.9, "y": 0.1},
        "c": {"x": 0.1, "y": 0.8},
        "d": {"y": 0.9},
    }
    assert changed(before, after, p_yes, 0.5) == (2, 1)
