"""What documents teach by the scores of encoder and words."""

from __future__ import annotations

from lmtx_search.records import Document, Label
from lmtx_search.training.student.training_data import TrainingData, join_training_data
from lmtx_search.training.targets.scored_targets import MOST_LABELS, SURE_SHARE, scored_targets

LABELS = {f"l{number}": Label(f"l{number}", f"topic{number}") for number in range(8)}
DOCUMENTS = [Document(f"d{number}", f"about topic{number % 8} and more") for number in range(100)]


def test_the_documents_with_the_highest_scores_teach() -> None:
    rankings = {f"d{number}": [("l0", number / 100)] for number in range(100)}
    chosen, targets = scored_targets(DOCUMENTS, rankings, LABELS, seed=0)
    assert [document.id for document in chosen] == [f"d{number}" for number in range(30, 100)]
    assert len(chosen) == SURE_SHARE * len(DOCUMENTS)
    assert set(targets.positives.values()) == {frozenset({"l0"})}


def test_one_of_the_sure_labels_is_drawn_and_the_others_are_spared() -> None:
    ranking = [(label, 0.9) for label in LABELS]
    _, targets = scored_targets(DOCUMENTS, {d.id: ranking for d in DOCUMENTS}, LABELS, seed=0)
    drawn = {label for labels in targets.positives.values() for label in labels}
    assert drawn == {f"l{number}" for number in range(MOST_LABELS)}
    assert set(targets.spared.values()) == {frozenset(LABELS)}


def test_a_name_is_taken_out_of_about_half_of_the_documents() -> None:
    rankings = {d.id: [(f"l{number % 8}", 0.9)] for number, d in enumerate(DOCUMENTS)}
    chosen, _ = scored_targets(DOCUMENTS, rankings, LABELS, seed=0)
    without = sum("topic" not in document.text for document in chosen)
    assert 30 < without < 70


def test_no_document_teaches_if_none_was_scored() -> None:
    assert scored_targets(DOCUMENTS, {}, LABELS, seed=0)[0] == []


def test_joined_training_data_keeps_every_step_with_its_document() -> None:
    first = TrainingData(["a", "b"], ["x", "y"], [frozenset({0}), frozenset({1})], [(0, 0), (1, 1)])
    second = TrainingData(["c"], ["x", "y"], [frozenset({1})], [(0, 1)])
    joined = join_training_data(first, second, seed=0)
    assert joined.documents == ["a", "b", "c"]
    assert sorted(joined.steps) == [(0, 0), (1, 1), (2, 1)]
    assert joined.never_negative[2] == {1}
