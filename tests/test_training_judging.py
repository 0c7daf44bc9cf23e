"""Asking within a budget, keeping the answers, and refusing a judge that tells nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import Case, Order
from lmtx_search.judges.order.until_first_yes import UntilFirstYes
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.judging import Judged, judge_in_order, judge_pairs


class MemoryStore:
    """Keeps judgments as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, Judgment] = {}

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        return {id_: self.kept[id_] for id_ in ids if id_ in self.kept}

    def add(self, judgments: list[Judgment]) -> None:
        self.kept.update((judgment.id, judgment) for judgment in judgments)


class Scripted:
    """A judge whose P(yes) follows from the rank; ``dies_after`` answers it fails."""

    name = "scripted"
    digest = "d"
    prompt = load_prompt("librarian")

    def __init__(self, values: tuple[float | None, ...], dies_after: int = 10**9) -> None:
        self.values = values
        self.dies_after = dies_after
        self.asked = 0

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        for pair in pairs:
            if self.asked == self.dies_after:
                raise KeyboardInterrupt
            self.asked += 1
            yield Answer(pair, self.values[pair.rank % len(self.values)])


def documents(count: int, labels: int = 4) -> list[list[Pair]]:
    return [
        [
            Pair(Document(f"d{number}", f"text {number}"), Label(f"l{rank}", f"label {rank}"), rank)
            for rank in range(labels)
        ]
        for number in range(count)
    ]


def test_a_budget_of_calls_is_kept_to() -> None:
    judge = Scripted((0.9, 0.1))
    judged = judge_pairs(judge, MemoryStore(), documents(10), Budget(calls=10), "judge")
    assert judge.asked == judged.asked == judged.pairs == 10


def test_a_run_that_was_stopped_asks_nothing_twice_and_ends_the_same() -> None:
    store = MemoryStore()
    with pytest.raises(KeyboardInterrupt):
        judge_pairs(Scripted((0.9, 0.1), 7), store, documents(10), Budget(calls=20), "judge")
    assert len(store.kept) == 7
    again = Scripted((0.9, 0.1))
    judged = judge_pairs(again, store, documents(10), Budget(calls=20), "judge")
    assert again.asked == 13
    assert judged.known == 7
    whole = judge_pairs(
        Scripted((0.9, 0.1)), MemoryStore(), documents(10), Budget(calls=20), "judge"
    )
    assert judged.p_yes == whole.p_yes


def test_when_the_time_is_up_nothing_more_is_asked() -> None:
    judge = Scripted((0.9, 0.1))
    judged = judge_pairs(judge, MemoryStore(), documents(10), Budget(seconds=0.0), "judge")
    assert judged.pairs == 0


def test_answers_that_are_neither_are_counted_and_not_kept() -> None:
    store = MemoryStore()
    judged = judge_pairs(
        Scripted((0.9, None, 0.2, 0.1)), store, documents(5), Budget(calls=20), "judge"
    )
    assert judged.neither == 5
    assert judged.pairs == len(store.kept) == 15


def test_a_judge_that_says_the_same_to_everything_is_refused_after_a_sample() -> None:
    judge = Scripted((0.981, 0.982))
    with pytest.raises(UserError, match="says the same to everything"):
        judge_pairs(judge, MemoryStore(), documents(1000), Budget(calls=4000), "judge")
    assert judge.asked == 60


def test_a_judge_that_says_neither_is_refused_after_a_sample() -> None:
    with pytest.raises(UserError, match="neither yes nor no to"):
        judge_pairs(
            Scripted((None, None, 0.2)), MemoryStore(), documents(1000), Budget(calls=4000), "judge"
        )


def test_what_one_cycle_asked_is_not_asked_in_the_next() -> None:
    every = documents(3)
    earlier = judge_pairs(
        Scripted((0.9, None)), MemoryStore(), every[:2], Budget(calls=20), "judge"
    )
    assert earlier.neither == 4
    fresh = [earlier.not_yet(pairs) for pairs in every]
    assert [len(pairs) for pairs in fresh] == [0, 0, 4]


def test_answers_of_several_cycles_add_up() -> None:
    first = judge_pairs(Scripted((0.9,)), MemoryStore(), documents(1, 2), Budget(calls=9), "judge")
    second = judge_pairs(Scripted((0.1,)), MemoryStore(), documents(2, 3), Budget(), "judge")
    second.p_yes["d0"].pop("l0")
    second.add(first)
    assert second.p_yes["d0"] == {"l0": 0.9, "l1": 0.9, "l2": 0.1}
    assert second.asked == 8
    assert sum(host.asked for host in second.hosts.values()) == 8


def test_later_cycles_may_get_the_same_answer_to_everything() -> None:
    judged = judge_pairs(
        Scripted((0.02,)), MemoryStore(), documents(50), Budget(calls=100), "judge", sample=False
    )
    assert judged.pairs == 100


class Ordered(Scripted):
    """The scripted judge, for one host that is asked one question after another."""

    @property
    def lost(self) -> dict[str, str]:
        return {}

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        for case in cases:
            while isinstance(position := order.next(case), int):
                (answer,) = self.ask([case.pairs[position]])
                case.answers[position] = answer.p_yes
                yield answer


def in_order(judge: Ordered, store: MemoryStore, budget: Budget) -> Judged:
    return judge_in_order(judge, UntilFirstYes(0.5), store, documents(10), budget, "judge")


def test_until_the_first_yes_a_document_costs_no_more_calls() -> None:
    judged = in_order(Ordered((0.1, 0.9, 0.1, 0.1)), MemoryStore(), Budget())
    assert judged.asked == 20
    assert len(judged.p_yes) == 10


def test_a_known_yes_costs_no_call() -> None:
    store = MemoryStore()
    in_order(Ordered((0.1, 0.9, 0.1, 0.1)), store, Budget())
    judged = in_order(Ordered((0.1, 0.9, 0.1, 0.1)), store, Budget())
    assert (judged.asked, judged.known) == (0, 20)


def test_a_budget_of_calls_is_never_exceeded_whatever_the_order() -> None:
    judged = in_order(Ordered((0.1, 0.9, 0.1, 0.1)), MemoryStore(), Budget(calls=11))
    assert judged.asked in range(8, 12)


def test_each_host_is_reported_with_its_calls() -> None:
    judged = judge_pairs(
        Scripted((0.9, None, 0.2, 0.1)), MemoryStore(), documents(5), Budget(calls=20), "judge"
    )
    (cost,) = judged.hosts.values()
    assert (cost.asked, cost.neither) == (20, 5)
