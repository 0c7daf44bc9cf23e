"""P(yes), calibrated without gold tags."""

from __future__ import annotations

import pytest

from lmtx_search.training.calibration import calibrate, doubtful


def test_what_is_nearer_than_the_shortlists_mean_gains_and_what_is_farther_loses() -> None:
    found = calibrate({"d": {"a": 0.5, "b": 0.5, "c": 0.5}}, {"d": {"a": 0.1, "b": -0.1}})
    assert found["d"]["a"] > 0.5 > found["d"]["b"]
    assert found["d"]["c"] == 0.5


def test_a_sure_judge_is_not_overruled_by_nearness() -> None:
    found = calibrate({"d": {"a": 0.97, "b": 0.03}}, {"d": {"a": -0.2, "b": 0.2}})
    assert found["d"]["a"] > 0.9
    assert found["d"]["b"] < 0.1


@pytest.mark.parametrize("p_yes", [0.0, 1.0])
def test_answers_in_words_stay_numbers(p_yes: float) -> None:
    found = calibrate({"d": {"a": p_yes}}, {"d": {"a": 0.3}})
    assert found["d"]["a"] == pytest.approx(p_yes, abs=0.003)


def test_labels_that_just_miss_a_yes_are_doubtful_and_clear_noes_are_not() -> None:
    said = {"d": {"yes": 0.9, "nearly": 0.6, "no": 0.1}}
    assert doubtful(said, yes_from=0.8, logits=2.0) == {"d": frozenset({"yes", "nearly"})}
    assert doubtful(said, yes_from=0.8, logits=0.0) == {"d": frozenset({"yes"})}
