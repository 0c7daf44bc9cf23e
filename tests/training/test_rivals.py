"""The judged encoder against encoders that need no answers of the judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.training.development import DevelopmentRule, HeldOut, measure_development
from lmtx_search.training.rivals import (
    Comparison,
    Rival,
    best_rival,
    compare_with_rivals,
    kept_because,
)
from tests.support.memory_judge import MemoryStore, OneHost


def rival(name: Any, firsts: dict[str, str]) -> Rival:
    unused: Any = Path()
    return Rival(name, unused, firsts)


def test_only_documents_with_an_answer_about_both_first_labels_are_compared() -> None:
    p_yes = {
        "a": {"x": 0.9, "y": 0.1},
        "b": {"x": 0.1, "y": 0.9},
        "c": {"x": 0.9, "y": 0.1},
        "d": {"x": 0.9},
        "e": {"y": 0.9},
    }
    judged = dict.fromkeys("abcde", "x")
    (found,) = compare_with_rivals(
        judged, [rival("named", dict.fromkeys("abcde", "y"))], p_yes, 0.5
    )
    assert found == Comparison("named", 3, better=2, worse=1)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (4, 4), (3, 8), (9, 1)])
def test_the_judged_encoder_is_kept_on_a_tie_and_on_chance(better: int, worse: int) -> None:
    assert best_rival([Comparison("untrained", 40, better, worse)]) is None


def test_a_rival_that_is_better_beyond_chance_is_kept_and_the_best_of_two() -> None:
    untrained, named = Comparison("untrained", 60, 2, 12), Comparison("named", 60, 2, 15)
    assert best_rival([untrained, Comparison("named", 60, 5, 6)]) == "untrained"
    assert best_rival([untrained, named]) == "named"


def test_it_is_said_which_encoder_is_kept_and_on_what_ground() -> None:
    lost, won = Comparison("named", 60, 2, 15), Comparison("untrained", 50, 20, 3)
    unsure = Comparison("named", 40, 5, 6)
    assert kept_because([]) == ""
    assert kept_because([lost, won]).startswith("the encoder that learned without the judge")
    assert "right for 15 held-out documents" in kept_because([lost, won])
    assert "is better than what needs no judge (50 documents)" in kept_because([won])
    assert "40 held-out documents do not show" in kept_because([unsure, won])


def test_without_an_answer_it_is_said_that_nothing_was_compared() -> None:
    empty = Comparison("untrained", 0, 0, 0)
    said = kept_because([empty, replace(empty, rival="named")])
    assert said.endswith(
        "it was not compared with others, because no held-out document has answers about both "
        "first labels"
    )
    assert "40 held-out documents do not show" in kept_because(
        [empty, Comparison("named", 40, 5, 6)]
    )


def test_the_interval_of_the_difference_is_in_the_record() -> None:
    record: Any = Comparison("named", 100, 12, 2).as_record()
    low, high = record["difference_interval"]
    assert 0 < low < 0.1 < high
    assert record["certain"]


class Asked(OneHost):
    """Writes down what it is asked."""

    name, digest = "judge", "j"
    prompt = load_prompt("librarian")

    def __init__(self) -> None:
        self.labels: list[str] = []

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        for pair in pairs:
            self.labels.append(pair.label.id)
            yield Answer(pair, 0.9)


def test_the_judge_is_asked_once_about_each_first_label_of_a_held_out_document() -> None:
    labels = {id_: Label(id_, id_) for id_ in "abcd"}
    judge = Asked()
    measure_development(
        judge,
        MemoryStore(),
        HeldOut(
            documents=[Document("d", "text")],
            labels=labels,
            before={"d": "b"},
            after={"d": [("a", 0.9), ("c", 0.5)]},
            rivals=[{"d": "b"}, {"d": "d"}, {}],
        ),
        DevelopmentRule(yes_from=0.5, pairs_per_document=1, budget=Budget()),
    )
    assert judge.labels == ["a", "b", "d"]
