"""What all documents teach: scores corrected by neighbours, frequency and answers."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.records import Document, Label
from lmtx_search.training.targets.soft_targets import (
    ANSWER,
    FREQUENCY,
    Answers,
    SoftTargets,
    add_frequency,
    propagate,
    soft_targets,
    without_some_names,
)

LABELS = [Label(f"l{number}", f"topic{number}") for number in range(4)]
DOCUMENTS = [Document(f"d{number}", f"about topic{number % 4} and more") for number in range(40)]
NOTHING = Answers({}, {})


def groups() -> np.ndarray:
    """Return embeddings of two groups of documents that have nothing in common."""
    return np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)


def targets(scores: np.ndarray, answers: Answers = NOTHING) -> SoftTargets:
    return soft_targets(DOCUMENTS, LABELS, scores.astype(np.float32), groups(), answers)


def test_a_document_takes_the_label_that_similar_documents_have() -> None:
    scores = np.zeros((40, 4), dtype=np.float32)
    scores[:20, 1], scores[20:, 2] = 0.5, 0.5
    scores[3] = [0, 0.40, 0, 0.45]
    assert propagate(scores, groups())[3].argmax() == 1


def test_a_document_is_no_neighbour_of_its_own() -> None:
    scores = np.array([[1.0], [0.0]], dtype=np.float32)
    mixed = propagate(scores, np.ones((2, 1), dtype=np.float32))
    assert mixed.ravel().tolist() == pytest.approx([0.65, 0.35])


def test_one_document_alone_keeps_its_scores() -> None:
    scores = np.array([[0.3, 0.1]], dtype=np.float32)
    assert propagate(scores, np.ones((1, 1), dtype=np.float32)).tolist() == scores.tolist()


def scores_with_firsts(counts: list[int]) -> np.ndarray:
    """Return scores by which each label comes first in so many documents."""
    return 0.5 * np.eye(len(counts), dtype=np.float32)[np.repeat(range(len(counts)), counts)]


def test_a_label_that_comes_first_often_gains() -> None:
    scores = scores_with_firsts([3, 1, *[2] * 8, 0])
    gained = (add_frequency(scores) - scores)[0]
    assert gained[[0, 1, 10]].tolist() == pytest.approx(
        [FREQUENCY * np.log(4), FREQUENCY * np.log(2), 0.0], abs=1e-6
    )


@pytest.mark.parametrize(("most", "gain"), [(18, 0.8), (24, 0.4), (45, 0.0)])
def test_labels_gain_less_the_more_documents_have_the_same_label_first(
    most: int, gain: float
) -> None:
    scores = scores_with_firsts([most, *[1] * (100 - most)])
    gained = (add_frequency(scores) - scores)[0]
    assert gained[0] == pytest.approx(gain * FREQUENCY * np.log1p(most), abs=1e-6)


def test_only_differences_between_the_judges_answers_count() -> None:
    scores = np.zeros((40, 4))
    evidence = {"d3": {"l1": 0.9, "l2": 0.9}, "d4": {"l1": 0.1, "l2": 0.1}}
    found = targets(scores, Answers(evidence, {})).scores
    assert found == pytest.approx(targets(scores).scores, abs=1e-3)


def test_what_the_judge_prefers_rises_most_in_its_document() -> None:
    scores = np.zeros((40, 4))
    found = targets(scores, Answers({"d4": {"l1": 0.9, "l2": 0.5}}, {})).scores
    half = ANSWER * np.log(9) / 2
    change = found[4] - found[5]
    assert change.tolist() == pytest.approx([0, half, -half, 0], abs=1e-6)


def test_a_label_that_the_judge_often_prefers_rises_in_all_documents() -> None:
    scores = np.tile([0.5, 0.5, 0.1, 0.1], (40, 1))
    evidence = {f"d{number}": {"l0": 0.2, "l1": 0.6} for number in range(10)}
    change = targets(scores, Answers(evidence, {})).scores - targets(scores).scores
    assert change[30, 1] > change[30, 0] + 0.05


def test_what_a_person_said_decides() -> None:
    scores = np.tile([0.9, 0.1, 0.2, 0.3], (40, 1))
    judge = {"d5": {"l0": 1.0, "l1": 0.0}}
    people = {"d5": {"l0": 0.0, "l1": 1.0}}
    order = targets(scores, Answers(judge, people)).scores[5].argsort()
    assert (order[-1], order[0]) == (1, 0)


def test_an_answer_about_an_unknown_document_or_label_changes_nothing() -> None:
    scores = np.zeros((40, 4))
    answers = Answers({"other": {"l1": 1.0}, "d1": {"other": 1.0}}, {"d1": {"other": 1.0}})
    assert targets(scores, answers).scores == pytest.approx(targets(scores).scores, abs=1e-6)


def test_names_are_taken_out_of_about_half_of_the_documents() -> None:
    best = np.array([[number % 4] for number in range(40)])
    texts = without_some_names(DOCUMENTS, LABELS, best, seed=0)
    without = sum("topic" not in text for text in texts)
    assert 10 < without < 30
    assert all("and more" in text for text in texts)
