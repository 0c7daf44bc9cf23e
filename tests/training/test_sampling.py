"""Order, sampling and pseudo-positives: all from the seed and the answers."""

from __future__ import annotations

from random import Random

import pytest

from lmtx_search.errors import UserError
from lmtx_search.judges.budget import Budget, parse_budget
from lmtx_search.records import Document
from lmtx_search.training.sampling import (
    hold_out,
    note_copies,
    sample_documents,
    shuffled_by_length,
    training_order,
)
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.pseudo_positives import pseudo_positives, yes_threshold
from lmtx_search.training.teacher.budgets import left, part, split
from lmtx_search.training.teacher.judging_result import JudgingResult
from tests.support.notes import Notes

DOCUMENTS = [Document(f"d{number}", f"text {number}") for number in range(50)]
JUDGED = {
    "a": {"x": 0.9, "y": 0.7},
    "b": {"x": 0.6, "y": 0.1},
    "c": {"x": 0.3},
    "d": {"x": 0.2, "y": 0.1},
}


def test_the_sample_depends_on_the_seed_and_not_on_the_order() -> None:
    first = sample_documents(DOCUMENTS, 10, seed=1)
    assert first == sample_documents(reversed(DOCUMENTS), 10, seed=1)
    assert first != sample_documents(DOCUMENTS, 10, seed=2)


def test_a_smaller_sample_is_the_start_of_a_larger_one() -> None:
    assert sample_documents(DOCUMENTS, 20, 1)[:5] == sample_documents(DOCUMENTS, 5, 1)


def test_documents_that_are_wanted_are_in_the_sample_and_not_pushed_to_its_end() -> None:
    everything = sample_documents(DOCUMENTS, len(DOCUMENTS), 1)
    wanted = [everything[-1].id, everything[30].id, everything[3].id]
    drawn = sample_documents(DOCUMENTS, 10, 1, wanted)
    assert drawn == [everything[30], everything[-1], *everything[:8]]
    assert sample_documents(DOCUMENTS, 2, 1, wanted) == [everything[3], everything[30]]


def test_documents_without_text_are_not_sampled() -> None:
    assert sample_documents([Document("a", " \n"), Document("b", "text")], 5, 0) == [
        Document("b", "text")
    ]


def test_held_out_documents_are_not_trained_on() -> None:
    training, development = hold_out(DOCUMENTS, 800)
    assert len(development) == 5
    assert not {d.id for d in training} & {d.id for d in development}


def test_copies_are_on_one_side_and_held_out_once() -> None:
    copies = [Document(f"copy of {d.id}", d.text) for d in (DOCUMENTS[3], DOCUMENTS[-1])]

    training, development = hold_out([*DOCUMENTS, *copies], 800)

    assert (training, development) == ([*DOCUMENTS[:-5], copies[0]], DOCUMENTS[-5:])


def test_documents_with_one_text_leave_nothing_to_train_on() -> None:
    same = [Document(str(number), "text") for number in range(20)]
    assert hold_out(same, 800) == ([], same[:1])


def test_the_number_of_copies_is_said() -> None:
    notes = Notes()
    note_copies(DOCUMENTS, notes)
    assert notes.kept == []
    note_copies([*DOCUMENTS, Document("copy", DOCUMENTS[0].text)], notes)
    assert notes.kept[0].startswith("Training documents with the same text as another one: 1 of 51")


def test_every_epoch_sees_each_document_with_a_positive_once() -> None:
    steps = training_order([{1: 0.9, 2: 0.9}, {}, {3: 0.9}], epochs=4, seed=0)
    assert len(steps) == 8
    for epoch in range(4):
        assert {document for document, _ in steps[2 * epoch : 2 * epoch + 2]} == {0, 2}


def test_all_positives_of_a_document_are_drawn_in_time() -> None:
    steps = training_order([{1: 0.9, 2: 0.9, 3: 0.9}], epochs=40, seed=0)
    assert {label for _, label in steps} == {1, 2, 3}


def test_the_training_order_follows_from_the_seed() -> None:
    positives = [{1: 0.9, 2: 0.9}, {3: 0.9, 4: 0.9}, {5: 0.9}]
    assert training_order(positives, 5, seed=1) == training_order(positives, 5, seed=1)
    assert training_order(positives, 5, seed=1) != training_order(positives, 5, seed=2)


def test_a_yes_is_relative_to_what_the_judge_says_of_others() -> None:
    assert yes_threshold(JUDGED, 0.5) == 0.6
    assert yes_threshold(JUDGED, 0.75) == 0.3
    assert yes_threshold(JUDGED, 0.01) == 0.9


def test_without_answers_the_threshold_is_one_half() -> None:
    assert yes_threshold({}, 0.5) == 0.5


def test_sure_labels_are_pseudo_positives_and_else_the_one_the_judge_likes_best() -> None:
    assert pseudo_positives(JUDGED, 0.6) == {
        "a": frozenset({"x", "y"}),
        "b": frozenset({"x"}),
        "c": frozenset({"x"}),
        "d": frozenset({"x"}),
    }


def test_documents_without_a_sure_label_can_be_left_out() -> None:
    assert pseudo_positives(JUDGED, 0.6, always_best=False) == {
        "a": frozenset({"x", "y"}),
        "b": frozenset({"x"}),
    }


def test_a_label_far_behind_its_documents_best_is_not_sure() -> None:
    judged = {"a": {"x": 0.9, "y": 0.85, "z": 0.8}, "b": {"x": 0.6, "y": 0.1}}
    found = pseudo_positives(judged, 0.5, rivals=0.6)
    assert found == {"a": frozenset({"x", "y"}), "b": frozenset({"x"})}


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5m", Budget(seconds=300)),
        ("90s", Budget(seconds=90)),
        ("1.5h", Budget(seconds=5400)),
        ("500", Budget(calls=500)),
    ],
)
def test_a_budget_is_a_time_or_a_number_of_calls(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "0", "0m", "5 minutes", "-3", "1.5"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="neither a time"):
        parse_budget(text)


def test_a_part_of_the_budget_is_kept_for_held_out_documents() -> None:
    assert split(Budget(calls=100), 0.15) == (Budget(calls=85), Budget(calls=15))
    assert split(Budget(seconds=100), 0.25) == (Budget(seconds=75), Budget(seconds=25))


@pytest.mark.parametrize(
    ("labels", "documents", "message"),
    [
        (0, 100, "no labels"),
        (100, 0, "no training documents"),
        (9, 100, "longer than the label set of 9"),
    ],
)
def test_what_cannot_work_is_refused(labels: int, documents: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        TrainingSettings().check(labels, documents)


def test_documents_that_are_fewer_than_a_batch_are_refused_by_what_trains() -> None:
    TrainingSettings().check(100, 31)
    with pytest.raises(UserError, match="31 training documents are fewer than a batch of 32"):
        TrainingSettings().check_batch(31)


def test_more_pairs_than_the_shortlist_has_are_refused() -> None:
    with pytest.raises(UserError, match="pairs-per-document 11"):
        TrainingSettings(pairs_per_document=11).check(100, 100)


def test_cycles_share_what_is_left_of_the_budget() -> None:
    assert part(Budget(calls=100), 3) == Budget(calls=34)
    used = [JudgingResult(asked=20, known=4), JudgingResult(asked=10)]
    assert left(Budget(calls=100), used) == Budget(calls=66)
    assert part(left(Budget(calls=100), used), 2) == Budget(calls=33)
    assert left(Budget(calls=10), used) == Budget(calls=0)


def test_time_is_shared_like_calls() -> None:
    assert part(left(Budget(seconds=300), [JudgingResult(seconds=100.0)]), 2) == Budget(
        seconds=100.0
    )


def test_without_a_limit_no_cycle_has_one() -> None:
    assert part(left(Budget(), [JudgingResult(asked=20)]), 3) == Budget()


def test_the_texts_of_a_batch_have_similar_lengths_and_each_is_read_once() -> None:
    texts = ["x" * Random(number).randrange(1, 500) for number in range(1000)]
    found = shuffled_by_length(texts, 32, Random(1))
    lengths = [len(texts[place]) for place in found]
    padded = [max(lengths[start : start + 32]) for start in range(0, 1000, 32)]
    assert sorted(found) == list(range(1000))
    assert sum(padded) * 32 < 1.15 * sum(lengths)
    # Neither short nor long texts come first.
    assert padded[:16] != sorted(padded[:16])
