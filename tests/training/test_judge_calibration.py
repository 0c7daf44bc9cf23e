"""P(yes), calibrated without gold tags."""

from __future__ import annotations

import pytest

from lmtx_search.training.targets.judge_calibration import YES, calibrate
from lmtx_search.training.targets.pseudo_positives import maybe_right, pseudo_positives, reaching

# A judge that never says more than 0.2.
SHY = {"a": {"x": 0.2, "y": 0.01}, "b": {"x": 0.15, "y": 0.02}, "c": {"x": 0.03, "y": 0.02}}


def test_the_odds_are_even_where_the_wished_share_of_documents_has_a_yes() -> None:
    found = calibrate(SHY, {}, sure_share=2 / 3)
    assert pseudo_positives(found, YES, always_best=False) == {
        "a": frozenset({"x"}),
        "b": frozenset({"x"}),
    }
    assert found["b"]["x"] == pytest.approx(0.5)


def test_what_the_judge_likes_better_stays_more_likely() -> None:
    found = calibrate(SHY, {}, sure_share=1 / 3)
    ordered = [found["a"]["x"], found["b"]["x"], found["c"]["x"], found["a"]["y"]]
    assert ordered == sorted(ordered, reverse=True)


def test_of_labels_with_the_same_answer_the_nearer_one_is_more_likely() -> None:
    same = {"d": {"far": 0.5, "middle": 0.5, "near": 0.5}}
    found = calibrate(same, {"d": {"near": 0.1, "far": -0.1}}, sure_share=1.0)["d"]
    assert found["near"] > found["middle"] > found["far"]


def test_a_sure_judge_is_not_overruled_by_nearness() -> None:
    found = calibrate({"d": {"a": 0.97, "b": 0.03}}, {"d": {"a": -0.2, "b": 0.2}}, 1.0)
    assert found["d"]["a"] > found["d"]["b"]


def test_a_document_that_raises_all_its_labels_gains_nothing() -> None:
    honest = {f"d{n}": dict(zip("abcd", (0.6, 0.3, 0.2, n / 40), strict=True)) for n in range(20)}
    raised = {**honest, "d7": {"a": 0.9, "b": 0.72, "c": 0.61, "d": 0.6}}
    before, after = (calibrate(answers, {}, sure_share=0.6) for answers in (honest, raised))
    assert reaching(after["d7"], YES) == reaching(before["d7"], YES) == {"a"}
    others = [document for document in honest if document != "d7"]
    assert [after[one] for one in others] == [pytest.approx(before[one], abs=0.1) for one in others]


def test_of_a_document_with_few_answers_nothing_is_taken() -> None:
    many = {f"d{n}": dict.fromkeys("abcd", 0.2) for n in range(9)}
    found = calibrate({**many, "few": {"a": 0.9}}, {}, sure_share=0.1)
    assert found["few"]["a"] == pytest.approx(0.5)


def test_answers_in_words_can_be_calibrated() -> None:
    found = calibrate({"d": {"a": 1.0, "b": 0.0}}, {}, sure_share=1.0)
    assert found["d"]["a"] == pytest.approx(0.5)
    assert found["d"]["b"] == pytest.approx(0.0, abs=1e-6)


def test_labels_that_may_be_right_are_separated_from_wrong_ones() -> None:
    assert reaching({"yes": 0.9, "perhaps": 0.1, "no": 0.001}, 0.01) == {"yes", "perhaps"}


@pytest.mark.parametrize(("p_yes", "expected"), [(0.01, {"yes", "unasked"}), (1.1, set())])
def test_labels_of_the_shortlist_that_were_not_judged_may_be_right(
    p_yes: float, expected: set[str]
) -> None:
    shortlist = [("yes", 0.6), ("no", 0.5), ("unasked", 0.4)]
    assert maybe_right({"yes": 0.9, "no": 0.001}, shortlist, p_yes) == expected
