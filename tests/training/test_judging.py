"""Asking within a budget, keeping the answers, and refusing a judge that tells nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order import ORDERS, make_order
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.training.record import hosts_record
from lmtx_search.training.teacher import judging
from lmtx_search.training.teacher.judging import (
    JudgingTask,
    Teacher,
    judge_pairs,
    require_answers,
)
from lmtx_search.training.teacher.judging_result import JudgingResult
from tests.support.memory_judge import MemoryStore, OneHost
from tests.support.notes import Notes


class Scripted(OneHost):
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
            yield Answer(pair, self.p_yes(pair))

    def p_yes(self, pair: Pair) -> float | None:
        return self.values[pair.rank % len(self.values)]


def documents(count: int, labels: int = 4) -> list[list[Pair]]:
    return [
        [
            Pair(Document(f"d{number}", f"text {number}"), Label(f"l{rank}", f"label {rank}"), rank)
            for rank in range(labels)
        ]
        for number in range(count)
    ]


def judge_all(
    judge: Scripted,
    store: MemoryStore,
    documents: list[list[Pair]],
    budget: Budget,
    **options: Any,
) -> JudgingResult:
    teacher = Teacher(judge, Exhaustive(), store)
    return judge_pairs(teacher, documents, JudgingTask("judge", budget, **options))


def test_a_budget_of_calls_is_kept_to() -> None:
    judge = Scripted((0.9, 0.1))
    judged = judge_all(judge, MemoryStore(), documents(10), Budget(calls=10))
    assert judge.asked == judged.asked == judged.pairs == 10


def test_a_run_that_was_stopped_asks_nothing_twice_and_ends_the_same() -> None:
    store = MemoryStore()
    with pytest.raises(KeyboardInterrupt):
        judge_all(Scripted((0.9, 0.1), 7), store, documents(10), Budget(calls=20))
    assert len(store.kept) == 7
    again = Scripted((0.9, 0.1))
    judged = judge_all(again, store, documents(10), Budget(calls=20))
    assert again.asked == 13
    assert judged.known == 7
    whole = judge_all(Scripted((0.9, 0.1)), MemoryStore(), documents(10), Budget(calls=20))
    assert judged.p_yes == whole.p_yes


def test_when_the_time_is_up_nothing_more_is_asked() -> None:
    judge = Scripted((0.9, 0.1))
    judged = judge_all(judge, MemoryStore(), documents(10), Budget(seconds=0.0))
    assert judged.pairs == 0


def test_answers_that_are_neither_are_counted_and_not_kept() -> None:
    store = MemoryStore()
    judged = judge_all(Scripted((0.9, None, 0.2, 0.1)), store, documents(5), Budget(calls=20))
    assert judged.neither == 5
    assert judged.pairs == len(store.kept) == 15


def test_a_judge_that_says_the_same_to_everything_is_refused_after_a_sample() -> None:
    judge = Scripted((0.981, 0.982))
    with pytest.raises(UserError, match="says the same to everything"):
        judge_all(judge, MemoryStore(), documents(1000), Budget(calls=4000))
    assert judge.asked == 60


def test_a_judge_that_says_neither_is_refused_after_a_sample() -> None:
    with pytest.raises(UserError, match="neither yes nor no to"):
        judge_all(Scripted((None, None, 0.2)), MemoryStore(), documents(1000), Budget(calls=4000))


class ShortContext(Scripted):
    """A judge whose context is too short for every pair without P(yes)."""

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        for answer in super().ask(pairs):
            yield replace(answer, too_long=answer.p_yes is None)


def test_prompts_that_do_not_fit_are_counted_and_reported() -> None:
    judge, notes = ShortContext((0.9, None, 0.2, 0.1)), Notes()
    judged = judge_all(judge, MemoryStore(), documents(5), Budget(calls=20), progress=notes)
    assert (judged.neither, judged.too_long) == (5, 5)
    assert [note.partition(" of scripted")[0] for note in notes.kept] == [
        "5 of 20 prompts do not fit into the context"
    ]


def test_a_judge_with_too_short_a_context_is_refused_with_this_reason() -> None:
    with pytest.raises(UserError, match="40 of 60 prompts do not fit into the context of scripted"):
        judge_all(
            ShortContext((None, None, 0.2)), MemoryStore(), documents(1000, 3), Budget(calls=4000)
        )


class Failing(Scripted):
    """A judge whose server fails on every pair without P(yes)."""

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        for answer in super().ask(pairs):
            failure = "out of memory" if answer.p_yes is None else ""
            yield replace(answer, host="http://a", failure=failure)


def test_questions_on_which_the_server_failed_are_counted_apart_with_the_reason() -> None:
    judge, notes = Failing((0.9, None, 0.2, 0.1)), Notes()
    judged = judge_all(judge, MemoryStore(), documents(5), Budget(calls=20), progress=notes)
    assert (judged.neither, judged.failed, judged.pairs) == (0, 5, 15)
    (note,) = notes.kept
    assert note.startswith("5 of 20 questions have no answer")
    assert note.endswith(
        "server failed (http://a: out of memory): the same command asks them again"
    )
    assert judged.calls() == {"asked": 20, "known": 0, "neither": 0, "failed": 5}


def test_a_check_that_is_not_repeated_does_not_promise_to_ask_again() -> None:
    judge, notes, later = Failing((0.9, None)), Notes(), "they do not count"
    judge_all(judge, MemoryStore(), documents(1), Budget(), progress=notes, without_answer=later)
    assert notes.kept[0].endswith("(http://a: out of memory): they do not count")


def test_a_server_that_fails_on_all_questions_is_an_error_where_answers_are_needed() -> None:
    silent = judge_all(Scripted((None,)), MemoryStore(), documents(1), Budget())
    some = judge_all(Failing((0.9, None)), MemoryStore(), documents(1), Budget())
    none = judge_all(Failing((None,)), MemoryStore(), documents(1), Budget())
    require_answers(silent)
    require_answers(some)
    with pytest.raises(LmtxError, match=r"failed on 4 of 4 questions, .* out of memory"):
        require_answers(none)


def test_questions_on_which_the_server_failed_are_asked_again_in_the_next_cycle() -> None:
    store = MemoryStore()
    earlier = judge_all(Failing((0.9, None)), store, documents(2), Budget(calls=20))
    later = judge_all(Scripted((0.9, 0.1)), store, documents(2), Budget(calls=20), earlier=earlier)
    assert (later.asked, (earlier + later).pairs) == (4, 8)


def test_the_record_of_a_host_has_its_errors_and_the_last_one() -> None:
    judge = Failing((0.9, None))
    judged = judge_all(judge, MemoryStore(), documents(2), Budget(calls=20))
    (host,) = hosts_record(judge, [judged])
    assert (host["asked"], host["failed"], host["failure"]) == (8, 4, "out of memory")


def test_a_server_that_fails_on_most_of_a_sample_is_named_and_not_the_model() -> None:
    with pytest.raises(UserError) as refused:
        judge_all(Failing((None, None, 0.2)), MemoryStore(), documents(1000, 3), Budget(calls=4000))
    assert "server failed on 40 of 60 questions (http://a: out of memory)" in str(refused.value)
    assert "another model" not in str(refused.value)


def test_what_one_cycle_asked_is_not_asked_in_the_next() -> None:
    every = documents(3)
    earlier = judge_all(Scripted((0.9, None)), MemoryStore(), every[:2], Budget(calls=20))
    assert earlier.neither == 4
    assert [list(earlier.answers(pairs)) for pairs in every] == [[0, 1, 2, 3], [0, 1, 2, 3], []]
    judge = Scripted((0.9, None))
    later = judge_all(judge, MemoryStore(), every, Budget(calls=20), earlier=earlier)
    assert (judge.asked, later.neither, set(later.p_yes)) == (4, 2, {"d2"})


def test_answers_of_several_cycles_add_up() -> None:
    first = judge_all(Scripted((0.9,)), MemoryStore(), documents(1, 2), Budget(calls=9))
    second = judge_all(Scripted((0.1,)), MemoryStore(), documents(2, 3), Budget())
    second.p_yes["d0"].pop("l0")
    second.add(first)
    assert second.p_yes["d0"] == {"l0": 0.9, "l1": 0.9, "l2": 0.1}
    assert second.asked == 8
    assert sum(host.asked for host in second.hosts.values()) == 8


def test_later_cycles_may_get_the_same_answer_to_everything() -> None:
    judged = judge_all(
        Scripted((0.02,)), MemoryStore(), documents(50), Budget(calls=100), sample=False
    )
    assert judged.pairs == 100


def in_order(
    name: str,
    judge: Scripted,
    store: MemoryStore,
    budget: Budget,
    earlier: JudgingResult | None = None,
) -> JudgingResult:
    teacher = Teacher(judge, make_order(name, 0.5), store)
    task = JudgingTask("judge", budget, earlier=earlier or JudgingResult())
    return judge_pairs(teacher, documents(60), task)


class Wavering(Scripted):
    """A judge whose P(yes) follows from the pair, and says yes to one in five."""

    def __init__(self, dies_after: int = 10**9) -> None:
        super().__init__((), dies_after)

    def p_yes(self, pair: Pair) -> float:
        return int(content_digest(pair.document.id, pair.label.id)[:4], 16) / 0xFFFF * 0.625


def test_until_the_first_yes_a_document_costs_no_more_calls() -> None:
    judged = in_order("until-first-yes", Scripted((0.1, 0.9, 0.1, 0.1)), MemoryStore(), Budget())
    assert judged.asked == 120
    assert len(judged.p_yes) == 60


def test_expected_gain_asks_less_than_everything() -> None:
    judged = in_order("expected-gain", Wavering(), MemoryStore(), Budget())
    assert 60 < judged.asked < 240
    assert len(judged.p_yes) == 60


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("calls", [1, 11, 90])
def test_a_budget_of_calls_is_used_up_and_never_exceeded(order: str, calls: int) -> None:
    judge = Wavering()
    judged = in_order(order, judge, MemoryStore(), Budget(calls=calls))
    assert judge.asked == judged.asked == calls


@pytest.mark.parametrize("order", ORDERS)
def test_when_the_time_is_up_the_open_document_is_the_last(order: str) -> None:
    class Slow(Wavering):
        def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
            now[0] += 10.0
            return super().ask(pairs)

    now = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "time", SimpleNamespace(monotonic=lambda: now[0]))
        judged = in_order(order, Slow(), MemoryStore(), Budget(seconds=5.0))
    whole = in_order(order, Wavering(), MemoryStore(), Budget())
    assert judged.p_yes == {"d0": whole.p_yes["d0"]}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("budget", [Budget(), Budget(calls=90)])
@pytest.mark.parametrize("moment", [0, 1, 40, 85])
def test_a_killed_run_asks_on_as_it_would_have(order: str, budget: Budget, moment: int) -> None:
    whole = in_order(order, Wavering(), MemoryStore(), budget)
    store = MemoryStore()
    with pytest.raises(KeyboardInterrupt):
        in_order(order, Wavering(moment), store, budget)
    again = in_order(order, Wavering(), store, budget)
    assert again.p_yes == whole.p_yes
    assert (again.known, again.asked) == (moment, whole.asked - moment)


@pytest.mark.parametrize("order", ORDERS)
def test_which_answers_are_stored_does_not_change_what_is_asked(order: str) -> None:
    budget = Budget(calls=90)
    whole = in_order(order, Wavering(), MemoryStore(), budget)
    store = MemoryStore()
    in_order("exhaustive", Wavering(), store, Budget())
    assert in_order(order, Wavering(), store, budget).p_yes == whole.p_yes
    for id_ in list(store.kept)[::3]:
        del store.kept[id_]
    some = in_order(order, Wavering(), store, budget)
    assert some.p_yes == whole.p_yes
    assert some.known + some.asked == whole.asked


@pytest.mark.parametrize("order", ORDERS)
def test_what_earlier_cycles_asked_is_known_and_costs_nothing(order: str) -> None:
    store = MemoryStore()
    earlier = in_order(order, Wavering(), store, Budget(calls=70))
    # The store has them too: they are not counted again.
    later = in_order(order, Wavering(), store, Budget(calls=70), earlier)
    assert (later.known, later.asked) == (0, 70)
    assert not {(d, label) for d, said in earlier.p_yes.items() for label in said} & {
        (d, label) for d, said in later.p_yes.items() for label in said
    }


def test_an_earlier_yes_further_down_is_enough_also_where_the_budget_ends() -> None:
    earlier = JudgingResult(p_yes={"d0": {"l3": 0.9}})
    judged = in_order(
        "until-first-yes", Scripted((0.1, 0.9)), MemoryStore(), Budget(calls=2), earlier
    )
    assert judged.p_yes == {"d1": {"l0": 0.1, "l1": 0.9}}


def test_each_host_is_reported_with_its_calls() -> None:
    judged = judge_all(
        Scripted((0.9, None, 0.2, 0.1)), MemoryStore(), documents(5), Budget(calls=20)
    )
    (cost,) = judged.hosts.values()
    assert (cost.asked, cost.neither) == (20, 5)
