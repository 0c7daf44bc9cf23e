"""The score from which a label is a tag, chosen on the best scores of documents."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.encoder.score_threshold import DEFAULT_THRESHOLD, choose_threshold


def test_the_threshold_is_one_and_a_half_standard_deviations_below_the_mean() -> None:
    best = [0.4, 0.5, 0.6, 0.7]
    chosen = choose_threshold(best)
    assert chosen.value == pytest.approx(0.55 - 1.5 * np.std(best, ddof=1), abs=1e-4)
    assert "best scores of 4 documents" in chosen.rule


def test_a_few_of_a_hundred_documents_have_no_tag() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 2000)
    value = choose_threshold(best.tolist()).value
    assert np.mean(best < value) == pytest.approx(0.067, abs=0.01)


def test_one_document_with_an_odd_score_hardly_moves_it() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 60).tolist()
    assert choose_threshold([*best, 0.05]).value == pytest.approx(
        choose_threshold(best).value, abs=0.04
    )


@pytest.mark.parametrize("best", [[], [0.7]])
def test_without_documents_there_is_a_default_without_an_interval(best: list[float]) -> None:
    chosen = choose_threshold(best)
    assert (chosen.value, chosen.interval) == (DEFAULT_THRESHOLD, None)
    assert chosen.rule.startswith("default")


def test_the_interval_holds_the_threshold_of_the_whole_collection() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(500):
        interval = choose_threshold(random.normal(0.5, 0.1, 40).tolist()).interval
        assert interval is not None
        held += interval[0] <= 0.5 - 1.5 * 0.1 <= interval[1]
    assert held / 500 == pytest.approx(0.95, abs=0.03)


def test_more_documents_make_it_more_certain() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 400).tolist()
    few, many = choose_threshold(best[:20]).interval, choose_threshold(best).interval
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < (few[1] - few[0]) / 3


def test_it_is_never_negative() -> None:
    chosen = choose_threshold([-0.2, 0.1, 0.4])
    assert chosen.value == 0.0
    assert chosen.interval is not None
    assert chosen.interval[0] == 0.0
