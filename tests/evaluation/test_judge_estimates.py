"""Estimates without gold tags, with a judge that errs and documents that a person checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lmtx_search.cli.evaluation_tables import by_judge_table
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.systems import System
from lmtx_search.evaluation.without_gold.judge_estimates import MISSING, YES, estimates, read_yes
from lmtx_search.evaluation.without_gold.judge_evaluation import (
    JudgeEvaluation,
    judge_evaluation_record,
    notes,
    taught_by,
)
from lmtx_search.evaluation.without_gold.prediction_powered import (
    LEAST_CHECKED,
    JudgedEstimate,
    estimate,
)
from lmtx_search.evaluation.without_gold.sampled_documents import SampledDocument, sample_labels
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label


def draw(random: np.random.Generator, truth: float, sees: float, checked: int):
    """200 documents; the judge finds 60 % of what is right and says yes to 30 % of what is not."""
    right = random.random(200) < truth
    yes = np.where(right, random.random(200) < sees, random.random(200) < 0.3)
    known = np.full(200, np.nan)
    known[:checked] = right[:checked]
    return yes.astype(float), known


def covered(truth: float, sees: float, checked: int) -> float:
    random = np.random.default_rng(7)
    found = [estimate(*draw(random, truth, sees, checked)) for _ in range(300)]
    return sum(one.low <= truth <= one.high for one in found) / len(found)


@pytest.mark.parametrize("truth", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("sees", [0.3, 0.6, 0.95])
def test_with_a_checked_sample_the_interval_holds_the_truth_however_bad_the_judge(
    truth: float, sees: float
) -> None:
    assert covered(truth, sees, 40) >= 0.92


def test_without_one_it_is_the_judges_own_mean() -> None:
    found = estimate(*draw(np.random.default_rng(1), 0.8, 0.6, LEAST_CHECKED - 1))
    assert found.checked == 0
    assert found.high < 0.8


def test_a_good_judge_makes_the_interval_narrower() -> None:
    random = np.random.default_rng(3)
    right = (random.random(400) < 0.6).astype(float)
    known = np.where(np.arange(400) < 40, right, np.nan)
    good = estimate(right, known)
    useless = estimate((random.random(400) < 0.5).astype(float), known)
    assert good.high - good.low < 0.8 * (useless.high - useless.low)


def test_checked_documents_that_are_all_right_leave_room_for_doubt() -> None:
    found = estimate(np.ones(100), np.where(np.arange(100) < 20, 1.0, np.nan))
    assert found.value == 1.0
    assert 0.8 < found.low < 0.9


def test_all_documents_checked_need_no_judge() -> None:
    right = np.array([1.0, 0.0] * 10)
    assert estimate(np.zeros(20), right).value == 0.5


SAMPLES = [
    SampledDocument(Document("a", "x"), ("l1", "l2", "l3", "l4", "l5"), ("l4", "l5", "l6")),
    SampledDocument(Document("b", "y"), ("l1", "l2", "l3", "l4", "l5"), ("l6",)),
]


def test_precision_is_of_the_first_labels_and_a_tag_is_lacking_where_a_near_miss_is_right() -> None:
    a = {"l1": 0.9, "l2": 0.1, "l3": 0.6, "l4": 0.2, "l5": 0.2, "l6": 0.8}
    b = {"l1": 0.1, "l2": 0.1, "l3": 0.1, "l4": 0.9, "l5": 0.1, "l6": 0.1}
    found = estimates(SAMPLES, {"a": a, "b": b}, {}, 0.5)
    assert {name: one.value for name, one in found.items()} == {
        "P@1": 0.5,
        "P@5": pytest.approx(0.3),
        MISSING: 0.5,
    }
    # Of a document that was not asked about altogether, what can be told is told.
    del b["l6"]
    assert estimates(SAMPLES, {"a": a, "b": b}, {}, 0.5)[MISSING].documents == 1


def test_a_document_counts_as_checked_where_a_person_answered_all_that_a_measure_asks() -> None:
    documents = [SampledDocument(Document(str(n), "x"), ("l1",) * 5, ("l2",)) for n in range(20)]
    judged = {one.document.id: {"l1": 0.9, "l2": 0.9} for one in documents}
    people = {one.document.id: {"l1": 0.0} for one in documents[:10]}
    found = estimates(documents, judged, people, 0.5)
    assert (found["P@1"].checked, found[MISSING].checked) == (10, 0)
    assert found["P@1"].value == 0.0
    assert found[MISSING].value == 1.0


def test_a_review_of_another_systems_labels_does_not_count() -> None:
    documents = [SampledDocument(Document(str(n), "x"), ("l1",) * 5, ("l2",)) for n in range(40)]
    judged = {one.document.id: {"l1": 0.9, "l2": 0.9} for one in documents}
    # Only of every second document the reviewed system found the same label.
    people = {str(n): {"l1" if n % 2 else "l3": 1.0} for n in range(30)}
    assert estimates(documents, judged, people, 0.5)["P@1"].checked == 0


def test_a_judge_that_says_yes_too_rarely_is_read_otherwise_once_people_have_answered() -> None:
    judged = {str(n): {"l": 0.3 if n % 2 else 0.1} for n in range(30)}
    people = {str(n): {"l": float(n % 2)} for n in range(30)}
    assert read_yes(judged, people) == (0.3, 30, 1.0)
    few = {str(n): people[str(n)] for n in range(8)}
    assert read_yes(judged, few) == (YES, 8, 0.5)
    assert read_yes(judged, {}) == (YES, 0, None)


def test_what_is_looked_at_are_the_first_five_and_the_next_five_that_are_no_tags() -> None:
    ranking = [f"l{n}" for n in range(12)]
    tagging = System("x", lambda *_: Output({"a": ranking}, {"a": ranking[:3]}))
    ranking_only = System("x", lambda *_: Output({"a": ranking}))
    document = Document("a", "x")
    (one,) = sample_labels(tagging, [document], SILENT)
    assert (one.first, one.near) == (tuple(ranking[:5]), tuple(ranking[3:8]))
    (one,) = sample_labels(ranking_only, [document], SILENT)
    assert one.near == tuple(ranking[5:10])
    labels = {label: Label(label, label) for label in ranking if label != "l1"}
    assert [pair.label.id for pair in one.pairs(labels)] == ["l0", *ranking[2:10]]


def test_a_document_without_a_label_to_check_is_not_a_checked_one() -> None:
    samples = [SampledDocument(Document(str(n), "t"), ("a",), ()) for n in range(38)]
    samples += [SampledDocument(Document(f"empty-{n}", "t"), (), ()) for n in range(12)]
    judged = {one.document.id: {"a": 1.0} for one in samples}
    found = estimates(samples, judged, {}, 0.5)["P@1"]
    assert found.checked == 0
    assert found.value == pytest.approx(38 / 50)


def test_a_measure_that_a_system_lacks_is_a_dash_under_its_own_heading() -> None:
    one, other = (JudgedEstimate(value, 0.1, 0.9, 50, 0) for value in (0.25, 0.75))
    table = by_judge_table({"a": {"P@1": one, "P@5": one, MISSING: one}, "b": {MISSING: other}})
    columns = [list(column.cells) for column in table.columns[1:]]
    assert [cells[1] for cells in columns[:2]] == ["–", "–"]
    assert str(columns[2][1]).startswith("75.0")
    assert str(columns[0][0]).startswith("25.0")


def test_a_judge_is_named_with_the_measured_systems_that_it_taught() -> None:
    def rank(documents: Sequence[Document], progress: Progress) -> Output:
        raise NotImplementedError

    records = {
        "mine": {"judge": {"digest": "j"}, "kept": "judged"},
        "another": {"judge": {"digest": "k"}, "kept": "judged"},
        "not learned": {"judge": {"digest": "j"}, "kept": "untrained"},
    }
    measured = [System("bm25", rank), System("gone", rank, run="gone")]
    measured += [System(f"run:{run}", rank, run=run) for run in records]
    assert taught_by("j", measured, records.get) == {"run:mine": "mine"}


def test_questions_without_an_answer_are_in_the_record_and_are_said() -> None:
    found = JudgeEvaluation({}, "m", "p", 0.5, 0, None, 90, 10, 3, {}, failed=2)
    counts = judge_evaluation_record(found)["counts"]
    assert counts == {"asked": 90, "known": 10, "neither": 3, "failed": 2}
    (said,) = (line for line in notes(found) if line.startswith("Left out"))
    assert "3 answers that are neither yes nor no, and 2 questions on which the" in said
