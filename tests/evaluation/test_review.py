"""A review: each answer is kept at once, undone when asked, and goes on where it ended."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from lmtx_search.evaluation.without_gold.review import Review
from lmtx_search.evaluation.without_gold.sampled_documents import SampledDocument
from lmtx_search.records import Document, Judgment, Label

LABELS = {name: Label(name, name) for name in ("l1", "l2", "l3")}
SAMPLES = [SampledDocument(Document(d, f"text {d}"), ("l1", "l2"), ("l3",)) for d in "ab"]


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, Judgment] = {}

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        return {id_: self.kept[id_] for id_ in ids if id_ in self.kept}

    def add(self, judgments: list[Judgment]) -> None:
        self.kept.update((one.id, one) for one in judgments)

    def remove(self, id_: str) -> None:
        del self.kept[id_]


@pytest.fixture
def store() -> Memory:
    return Memory()


def test_answers_are_kept_at_once_as_a_persons(store: Memory) -> None:
    review = Review(SAMPLES, LABELS, store)
    first = review.current()
    assert first is not None
    review.answer(True)
    (kept,) = store.kept.values()
    assert (kept.document_id, kept.label_id) == (first.document.id, first.label.id)
    assert (kept.judge, kept.p_yes) == ("person", 1.0)
    assert (review.left, review.answered) == (5, 1)


def test_undo_forgets_the_last_answer_and_asks_again(store: Memory) -> None:
    review = Review(SAMPLES, LABELS, store)
    assert not review.undo()
    asked = review.current()
    review.answer(True)
    review.skip()
    assert review.undo()
    assert len(store.kept) == 1
    assert review.undo()
    assert store.kept == {}
    assert review.current() == asked


def test_another_review_asks_what_was_skipped_and_what_is_left(store: Memory) -> None:
    review = Review(SAMPLES, LABELS, store)
    skipped = review.current()
    review.skip()
    review.answer(False)
    again = Review(SAMPLES, LABELS, store)
    assert (again.answered_before, again.left) == (1, 5)
    assert again.current() == skipped


def test_it_ends_and_each_document_is_asked_about_in_one_piece(store: Memory) -> None:
    review = Review(SAMPLES, LABELS, store)
    seen = []
    while (pair := review.current()) is not None:
        seen.append(pair.document.id)
        review.answer(False)
    assert seen == ["a", "a", "a", "b", "b", "b"]
    assert len(store.kept) == 6


def test_it_counts_the_answers_about_some_documents(store: Memory) -> None:
    review = Review(SAMPLES, LABELS, store)
    review.answer(True)
    review.skip()
    review.answer(False)
    review.answer(True)
    assert (review.answered_about({"a"}), review.answered_about({"b", "c"})) == (2, 1)
