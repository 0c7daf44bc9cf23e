"""From learning targets to the student's training data."""

from __future__ import annotations

from lmtx_search.records import Document, Label
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.student.training_data import TrainingData, make_training_data
from lmtx_search.training.targets.learning_targets import LearningTargets

LABELS = [Label(name, name) for name in ("yes", "perhaps", "no", "unasked")]
TARGETS = LearningTargets(
    positives={"d": frozenset({"yes"})},
    evidence={"d": {"yes": 0.9, "perhaps": 0.3, "no": 0.001}},
    spared={"d": frozenset({"perhaps", "unasked"})},
)


def made(negatives: str) -> TrainingData:
    documents = [Document("unjudged", "other text"), Document("d", "text")]
    settings = TrainingSettings(fine_tuning=FineTuning(negatives=negatives))
    return make_training_data(documents, LABELS, TARGETS, settings)


def test_a_document_is_never_pushed_away_from_its_positives_and_spared_labels() -> None:
    assert made("hardest").never_negative == [{0, 1, 3}]


def test_a_refused_label_that_the_strategy_adds_is_a_negative_even_if_it_is_spared() -> None:
    assert made("judged_no").never_negative == [{0, 3}]


def test_documents_without_positives_are_left_out() -> None:
    data = made("hardest")
    assert data.documents == ["text"]
    assert set(data.steps) == {(0, 0)}
