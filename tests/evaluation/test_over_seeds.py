"""Differences over documents and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.evaluation.metrics.over_seeds import difference_over_seeds

RANDOM = np.random.default_rng(3)


def test_a_system_does_not_differ_from_itself() -> None:
    values = RANDOM.random((3, 50, 2))
    found = difference_over_seeds(values, values)
    for bound in (found.value, found.low, found.high):
        assert bound.tolist() == [0.0, 0.0]


def test_the_difference_is_the_mean_over_documents_and_seeds() -> None:
    first, second = RANDOM.random((2, 3, 200, 1))
    found = difference_over_seeds(first, second)
    assert found.value[0] == pytest.approx(first.mean() - second.mean())
    assert found.low[0] < found.value[0] < found.high[0]


def test_one_seed_gives_the_interval_of_a_paired_bootstrap() -> None:
    first, second = RANDOM.random((2, 1, 400, 1))
    found = difference_over_seeds(first, second)
    spread = (first - second).std() / np.sqrt(400)
    assert found.high[0] - found.low[0] == pytest.approx(2 * 1.96 * spread, rel=0.1)


def test_seeds_that_differ_widen_the_interval() -> None:
    first, second = RANDOM.random((2, 1, 400, 1))
    same = difference_over_seeds(np.repeat(first, 3, axis=0), np.repeat(second, 3, axis=0))
    moved = np.repeat(first, 3, axis=0) + np.array([-0.2, 0.0, 0.2])[:, None, None]
    different = difference_over_seeds(moved, np.repeat(second, 3, axis=0))
    assert different.value[0] == pytest.approx(same.value[0])
    assert different.high[0] - different.low[0] > 2 * (same.high[0] - same.low[0])


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = RANDOM.random((2, 3, 100, 1))
    one, other = (difference_over_seeds(first, second, seed=5) for _ in range(2))
    assert (one.low, one.high) == (other.low, other.high)
