"""Intervals and tests against scipy's, and what they must say in plain cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lmtx_search.errors import UserError
from lmtx_search.evaluation.metrics.additive import means, ratios
from lmtx_search.evaluation.metrics.bootstrap import bootstrap, interval
from lmtx_search.evaluation.metrics.classification import TAGS
from lmtx_search.evaluation.metrics.measure import Measured, Output, Part, measure
from lmtx_search.evaluation.metrics.permutation_test import compare, permutation_p
from lmtx_search.evaluation.metrics.ranking import ranking_measures
from tests.support.real_rankings import GOLD, MINILM, TFIDF

DOCUMENTS = sorted(GOLD)


def column(output, name):
    return ranking_measures(output.rankings, GOLD, DOCUMENTS, [name]).rows[:, 0]


def bounds(sums, seed=0):
    low, high = interval(sums.values(), bootstrap(sums, seed))
    return low[0], high[0]


def measured_of(sums):
    documents = tuple(str(n) for n in range(len(sums.rows)))
    return Measured(documents, {"": Part(sums, sums.values(), bootstrap(sums))})


def measured(values):
    return measured_of(means(["P@1"], values[:, None]))


@pytest.mark.parametrize("name", ["P@1", "R@10", "nDCG@5"])
def test_an_interval_is_scipys_bootstrap(name):
    values = column(MINILM, name)
    found = bounds(means([name], values[:, None]))
    theirs = stats.bootstrap(
        [values], np.mean, n_resamples=5000, random_state=1
    ).confidence_interval
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_the_interval_follows_from_the_seed():
    sums = means(["P@1"], np.array([0.0, 1.0] * 50)[:, None])
    low, high = bounds(sums, 3)
    # The normal approximation: 0.5 ± 1.96 * 0.5 / 10.
    assert (low, high) == pytest.approx((0.402, 0.598), abs=0.02)
    assert bounds(sums, 3) == (low, high)


def test_resamples_do_not_depend_on_how_many_are_in_memory(monkeypatch):
    sums = means(["P@1"], column(MINILM, "P@1")[:, None])
    expected = bootstrap(sums)
    monkeypatch.setattr("lmtx_search.evaluation.metrics.bootstrap._CELLS", 1000)
    assert bootstrap(sums) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["P@1", "R@3", "nDCG@5"])
def test_p_is_scipys_paired_permutation_test(name):
    first, second = column(MINILM, name), column(TFIDF, name)
    found = permutation_p(means([name], first[:, None]), means([name], second[:, None]))[0]
    theirs = stats.permutation_test(
        (first, second),
        lambda x, y: np.mean(x - y),
        permutation_type="samples",
        n_resamples=2000,
        random_state=1,
    )
    assert found == pytest.approx(theirs.pvalue, abs=0.04)


def test_p_of_few_documents_is_that_of_all_their_permutations():
    first, second = np.array([1.0, 1, 1, 1, 0])[:, None], np.array([0.0, 0, 0, 0, 0])[:, None]
    # Of the 16 ways to swap the four that differ, all and none are as extreme.
    assert permutation_p(means("x", first), means("x", second))[0] == pytest.approx(1 / 8, abs=0.03)


def test_the_difference_of_two_systems_is_that_of_their_values_in_its_interval():
    first, second = measure(MINILM, GOLD), measure(TFIDF, GOLD)
    found = compare(first, second)
    assert found.keys() == first.estimates().keys()
    for name, estimate in first.estimates().items():
        difference = found[name]
        assert difference.value == pytest.approx(estimate.value - second.estimates()[name].value)
        assert difference.low <= difference.value <= difference.high
        assert 0 < difference.p <= 1
    # What the eye sees: MiniLM finds many more labels, and its first is no better.
    assert found["R@10"].p < 0.01
    assert found["P@1"].p > 0.1


def test_the_other_way_round_the_difference_changes_its_sign_alone():
    first, second = measure(MINILM, GOLD), measure(TFIDF, GOLD)
    there, back = compare(first, second)["macro F1"], compare(second, first)["macro F1"]
    assert (there.value, there.p) == (-back.value, back.p)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_a_system_is_no_better_than_itself():
    found = compare(measure(MINILM, GOLD), measure(MINILM, GOLD))
    assert all((d.value, d.p) == (0.0, 1.0) for d in found.values())
    assert all(-0.1 < d.low <= 0 <= d.high < 0.1 for d in found.values())


@pytest.mark.parametrize(("right", "low", "high"), [(1.0, 0.566, 1.0), (0.0, 0.0, 0.434)])
def test_a_few_documents_that_are_all_right_or_all_wrong_leave_room_for_chance(right, low, high):
    found = measured(np.full(5, right)).estimates()["P@1"]
    assert (found.value, found.low, found.high) == pytest.approx((right, low, high), abs=0.001)


@pytest.mark.parametrize(
    ("difference", "low", "high"), [(0.0, -0.396, 0.396), (1.0, 0.196, 1.0), (0.2, -0.259, 0.544)]
)
def test_a_few_documents_with_the_same_difference_leave_room_for_chance(difference, low, high):
    found = compare(measured(np.full(5, difference)), measured(np.zeros(5)))["P@1"]
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


def test_a_measure_that_few_of_many_documents_have_is_one_of_few_documents():
    below = np.zeros((100, 1))
    below[:5] = 1.0
    found = measured_of(ratios(["R@10 tail"], below, below)).estimates()["R@10 tail"]
    assert found.low == pytest.approx(0.566, abs=0.001)


def test_a_number_of_tags_is_no_share():
    gold = {str(n): {"x"} for n in range(5)}
    ranked = {document: ["x"] for document in gold}
    found = measure(Output(ranked, ranked), gold)
    tags = found.estimates()[TAGS]
    assert (tags.value, tags.low, tags.high) == (1.0, 1.0, 1.0)


def test_results_on_different_documents_are_refused():
    fewer = {document: right for document, right in GOLD.items() if document != "d000"}
    with pytest.raises(UserError, match="different documents"):
        compare(measure(MINILM, GOLD), measure(MINILM, fewer))
