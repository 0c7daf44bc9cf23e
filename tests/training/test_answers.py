"""What the judge's answers say about labels."""

from __future__ import annotations

import pytest

from lmtx_search.training.targets.answers import STEEPNESS, Answers, centered_odds


def test_single_answers_are_compared_with_those_about_other_documents() -> None:
    right = Answers({"d1": {"a": 0.9}, "d2": {"b": 0.1}, "d3": {"a": 0.5}}, {}).right()
    assert right["d1"]["a"] == pytest.approx(1 / (1 + 9**-STEEPNESS))
    assert right["d2"]["b"] == pytest.approx(1 / (1 + 9**STEEPNESS))
    assert right["d3"]["a"] == pytest.approx(0.5)


def test_several_answers_about_a_document_are_compared_with_each_other() -> None:
    alone = centered_odds({"d1": {"a": 0.9, "b": 0.5}})
    beside_others = centered_odds({"d1": {"a": 0.9, "b": 0.5}, "d2": {"a": 0.1}, "d3": {}})
    assert beside_others["d1"] == alone["d1"]
    assert alone["d1"]["a"] == pytest.approx(-alone["d1"]["b"])
