"""Measures against numbers worked out by hand, and gold tags that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.encoder.nearest import nearest
from lmtx_search.errors import UserError
from lmtx_search.evaluation.gold import named, usable
from lmtx_search.evaluation.measures import bootstrap, measure, per_document

GOLD = {"a": {"x", "y"}, "b": {"z"}, "c": {"x"}}
RANKINGS = {"a": ["x", "w", "y"], "b": ["w", "z"]}


def test_measures_are_what_a_hand_computes() -> None:
    values = per_document(RANKINGS, GOLD)
    assert values["P@1"] == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert values["P@5"] == pytest.approx({"a": 0.4, "b": 0.2, "c": 0.0})
    assert values["R@10"] == {"a": 1.0, "b": 1.0, "c": 0.0}


def test_a_document_that_a_system_left_out_counts_as_nothing_found() -> None:
    assert measure({"a": ["x"]}, GOLD)["P@1"].value == pytest.approx(1 / 3)


def test_labels_beyond_the_tenth_do_not_count() -> None:
    ranking = [f"l{number}" for number in range(10)] + ["x"]
    assert measure({"c": ranking}, {"c": {"x"}})["R@10"].value == 0.0


def test_the_order_of_a_ranking_is_kept_whatever_the_labels_are_called() -> None:
    assert per_document({"a": ["a9", "a1"]}, {"a": {"a9"}})["P@1"]["a"] == 1.0
    assert per_document({"a": ["a1", "a9"]}, {"a": {"a9"}})["P@1"]["a"] == 0.0


def test_the_interval_holds_the_mean_and_follows_from_the_seed() -> None:
    values = np.array([0.0, 1.0] * 50)
    found = bootstrap(values, seed=3)
    assert found.low < found.value == 0.5 < found.high
    # The normal approximation: 0.5 ± 1.96 * 0.5 / 10.
    assert found.low == pytest.approx(0.402, abs=0.02)
    assert found.high == pytest.approx(0.598, abs=0.02)
    assert bootstrap(values, seed=3) == found


def test_unknown_documents_and_labels_are_named() -> None:
    fits = usable({"a": {"x", "gone"}, "away": {"x"}, "b": {"gone"}}, {"a", "b"}, {"x"})
    assert fits.gold == {"a": {"x", "gone"}}
    assert fits.unknown_documents == ["away"]
    assert fits.unknown_labels == ["gone"]


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ({}, "is empty"),
        ({"away": {"x"}}, "none of the gold file's documents"),
        ({"a": {"gone"}}, "none of the gold file's labels"),
    ],
)
def test_gold_tags_of_which_nothing_fits_are_refused(
    gold: dict[str, set[str]], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        usable(gold, {"a"}, {"x"})


def test_a_long_list_is_named_by_its_first() -> None:
    assert named(["a", "b"]) == "2 (a, b)"
    assert named(["a", "b", "c", "d"]) == "4 (a, b, c, …)"


def test_the_nearest_labels_come_best_first_and_all_of_them_where_k_is_more() -> None:
    labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32)
    vectors = np.array([[1.0, 0.0]], dtype=np.float32)
    (ranking,) = nearest(vectors, labels, ["a", "b", "c"], 10)
    assert [label for label, _ in ranking] == ["a", "c", "b"]
    assert ranking[1][1] == pytest.approx(0.6)
