from itertools import pairwise

import pytest

from lmtx_search.hierarchy import ancestors, find_circle


def test_all_labels_above_one_come_nearest_first():
    broader = {"go": ["board"], "board": ["games", "toys"], "games": ["leisure"]}
    assert ancestors(broader, "go") == ["board", "games", "toys", "leisure"]
    assert ancestors(broader, "leisure") == []


def test_a_label_with_two_ways_up_has_each_above_it_once():
    assert ancestors({"a": ["b", "c"], "b": ["d"], "c": ["d"]}, "a") == ["b", "c", "d"]


def test_a_circle_ends():
    assert ancestors({"a": ["b"], "b": ["c"], "c": ["a"]}, "a") == ["b", "c"]


@pytest.mark.parametrize(
    ("broader", "circle"),
    [
        ({"x": ["a"], "a": ["b"], "b": ["a"]}, {"a", "b"}),
        ({"a": ["a"]}, {"a"}),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"]}, set()),
    ],
)
def test_a_circle_is_told_from_a_label_up_to_itself(broader, circle):
    found = find_circle(broader)
    assert set(found) == circle
    assert all(above in broader[id_] for id_, above in pairwise(found))
