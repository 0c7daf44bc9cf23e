"""Offsets of labels from answers to some questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from lmtx_search.encoder.calibration import LARGEST
from lmtx_search.records import Document
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.label_offsets import RIDGE, fit_label_offsets, label_offsets


def test_the_offset_of_a_label_that_is_scored_too_high_is_negative() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(0, 1, 2000)
    columns = random.integers(0, 4, 2000)
    true = np.array([-0.3, 0.0, 0.1, 0.2])
    right = 1 / (1 + np.exp(-10 * (scores + true[columns] - 0.5)))
    found = label_offsets(scores.tolist(), columns.tolist(), right.tolist(), [True] * 2000, 4)
    assert found - found.mean() == pytest.approx(true - true.mean(), abs=0.05)


def test_one_answer_moves_a_label_less_than_many() -> None:
    right = [1.0] + [1.0] * 20 + [0.0] * 21
    found = label_offsets([0.5] * 42, [0] + [1] * 20 + [2] * 21, right, [True] * 42, 3)
    assert 0 < found[0] < found[1]
    assert RIDGE > 0


def test_a_label_without_an_answer_has_no_offset() -> None:
    found = label_offsets([0.1, 0.9], [0, 1], [0.0, 1.0], [True, True], 5)
    assert found[2:].tolist() == pytest.approx([0, 0, 0], abs=1e-6)


def test_without_answers_no_label_has_an_offset() -> None:
    assert label_offsets([], [], [], [], 3).tolist() == [0, 0, 0]


class Equal:
    """Scores all labels alike."""

    def scores(
        self, documents: Sequence[Document], labels: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str, float]]:
        return [(one.id, label, 0.5) for one in documents for label in labels[one.id]]


def test_labels_that_the_judge_prefers_get_a_positive_offset() -> None:
    documents = [Document(f"d{number}", "text") for number in range(12)]
    judge = {document.id: {"a": 0.9, "b": 0.2} for document in documents[:10]}
    found = fit_label_offsets(Equal(), documents, Answers(judge, {}))
    assert found["a"] > 0.03 > -0.03 > found["b"]


def test_a_judge_moves_the_scores_of_a_label_less_far_than_people() -> None:
    documents = [Document(f"d{number}", "text") for number in range(40)]
    answers = {document.id: {"a": 1.0, "b": 0.0} for document in documents}
    judged = fit_label_offsets(Equal(), documents, Answers(answers, {}))
    assert (judged["a"], judged["b"]) == (LARGEST, -LARGEST)
    decided = fit_label_offsets(Equal(), documents, Answers({}, answers))
    assert decided["a"] > LARGEST > -LARGEST > decided["b"]


def test_one_decision_does_not_release_what_a_judge_says_about_a_label() -> None:
    documents = [Document(f"d{number}", "text") for number in range(40)]
    judge = {document.id: {"a": 1.0, "b": 0.0} for document in documents}
    found = fit_label_offsets(Equal(), documents, Answers(judge, {"d0": {"a": 1.0}}))
    assert (found["a"], found["b"]) == (LARGEST, -LARGEST)


def test_what_people_say_replaces_what_the_judge_says() -> None:
    documents = [Document(f"d{number}", "text") for number in range(10)]
    judge = {document.id: {"a": 0.9, "b": 0.2} for document in documents}
    people = {document.id: {"a": 0.0, "b": 1.0} for document in documents}
    found = fit_label_offsets(Equal(), documents, Answers(judge, people))
    assert found["b"] > 0 > found["a"]


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_answers_of_one_kind_move_the_labels_that_they_are_about(right: float) -> None:
    often, seldom = label_offsets(
        [0.5] * 63, [0] * 60 + [1] * 3, [right] * 63, [True] * 63, 2
    ).tolist()
    assert (often > seldom > 0) if right else (often < seldom < 0)
