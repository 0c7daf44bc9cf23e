"""The score from which a label is a tag, chosen on the best scores of documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lmtx_search.encoder.score_threshold import (
    DEFAULT_THRESHOLD,
    ChosenThreshold,
    choose_threshold,
)


def chosen_on(best: Sequence[float]) -> ChosenThreshold:
    return choose_threshold([[("label", score)] for score in best])


def test_the_threshold_is_one_and_a_half_standard_deviations_below_the_mean() -> None:
    best = [0.4, 0.5, 0.6, 0.7]
    chosen = chosen_on(best)
    assert chosen.value == pytest.approx(0.55 - 1.5 * np.std(best, ddof=1), abs=1e-4)
    assert "best scores of 4 documents" in chosen.rule


def test_a_few_of_a_hundred_documents_have_no_tag() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 2000)
    value = chosen_on(best.tolist()).value
    assert np.mean(best < value) == pytest.approx(0.067, abs=0.01)


def test_one_document_with_an_odd_score_hardly_moves_it() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 60).tolist()
    assert chosen_on([*best, 0.05]).value == pytest.approx(chosen_on(best).value, abs=0.04)


@pytest.mark.parametrize("best", [[], [0.7]])
def test_without_documents_there_is_a_default_without_an_interval(best: list[float]) -> None:
    chosen = chosen_on(best)
    assert (chosen.value, chosen.interval) == (DEFAULT_THRESHOLD, None)
    assert chosen.rule.startswith("default")


def test_the_interval_holds_the_threshold_of_the_whole_collection() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(500):
        interval = chosen_on(random.normal(0.5, 0.1, 40).tolist()).interval
        assert interval is not None
        held += interval[0] <= 0.5 - 1.5 * 0.1 <= interval[1]
    assert held / 500 == pytest.approx(0.95, abs=0.03)


def test_more_documents_make_it_more_certain() -> None:
    best = np.random.default_rng(0).normal(0.5, 0.1, 400).tolist()
    few, many = chosen_on(best[:20]).interval, chosen_on(best).interval
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < (few[1] - few[0]) / 3


def test_it_is_never_negative() -> None:
    chosen = chosen_on([-0.2, 0.1, 0.4])
    assert chosen.value == 0.0
    assert chosen.interval is not None
    assert chosen.interval[0] == 0.0


def test_documents_without_a_label_do_not_count() -> None:
    assert choose_threshold([[("a", 0.5)], [], [("a", 0.7)]]).documents == 2


def test_a_label_that_many_documents_name_has_a_lower_threshold() -> None:
    rankings = [[("a", 0.4), ("b", 0.3)], [("b", 0.6), ("c", 0.5)], [("c", 0.5), ("a", 0.1)]]
    lowered = choose_threshold(rankings, {"a": 1, "b": 50}).lowered
    assert 0 < lowered["a"] < lowered["b"]
    assert "c" not in lowered


def test_how_much_lower_it_is_follows_the_scale_of_the_scores() -> None:
    rankings = [[("a", 0.4)], [("b", 0.6)], [("c", 0.5)]]
    tenth = [[(label, score / 10) for label, score in one] for one in rankings]
    wide, narrow = (choose_threshold(one, {"a": 20}).lowered["a"] for one in (rankings, tenth))
    assert narrow == pytest.approx(wide / 10, abs=1e-4)


def test_lower_thresholds_of_labels_do_not_mean_more_tags_in_all() -> None:
    random = np.random.default_rng(0)
    rankings = [[(f"l{number % 9}", random.normal(0.5, 0.1))] for number in range(300)]
    named = {f"l{number}": 10 * number for number in range(1, 9)}
    plain, chosen = choose_threshold(rankings), choose_threshold(rankings, named)
    tags, before = (
        sum(score >= one.value - one.lowered.get(label, 0.0) for ((label, score),) in rankings)
        for one in (chosen, plain)
    )
    assert tags == pytest.approx(before, abs=6)
    assert chosen.value > plain.value
