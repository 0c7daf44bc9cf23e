"""A training whose judge is never asked."""

from __future__ import annotations

from lmtx_search.judges.base import Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.records import Document, Label
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.without_judge import NoJudge, NoStore, without_judge


def test_only_the_budget_and_the_number_of_cycles_change() -> None:
    found = without_judge(TrainingSettings(cycles=3, seed=5))
    assert not found.asks_judge
    assert found == TrainingSettings(cycles=1, seed=5, budget=Budget(calls=0))


def test_no_judge_answers_nothing_and_no_document_is_read() -> None:
    def documents() -> list[list[Pair]]:
        raise AssertionError("a document was read")

    read = (pairs for _ in (0,) for pairs in documents())
    teacher = Teacher(NoJudge(), Exhaustive(), NoStore())
    judged = judge_pairs(teacher, read, JudgingTask("none", Budget(calls=0)))
    assert (judged.pairs, judged.asked, judged.p_yes) == (0, 0, {})
    pair = Pair(Document("d", "text"), Label("l", "label"), 0)
    assert not list(NoJudge().ask([pair]))
    assert NoStore().find(["id"]) == {}
