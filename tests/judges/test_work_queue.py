"""Handing out pairs to several hosts."""

from __future__ import annotations

import threading

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import Case, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.order.until_first_yes import UntilFirstYes
from lmtx_search.judges.work_queue import WorkQueue
from lmtx_search.records import Document, Label


def cases(*documents: str) -> list[Case]:
    return list(
        cases_of(
            Pair(Document(id_, id_), Label(label, label), rank)
            for id_ in documents
            for rank, label in enumerate(("games", "web"))
        )
    )


def test_a_host_keeps_to_its_document() -> None:
    work = WorkQueue(cases("a", "b", "c"), Exhaustive())
    first, second = work.next("host 1"), work.next("host 2")
    third = work.next("host 1")
    assert first
    assert second
    assert third
    assert first.pair.document.id == third.pair.document.id == "a"
    assert second.pair.document.id == "b"


def test_what_a_host_gives_back_goes_to_another() -> None:
    work = WorkQueue(cases("a"), Exhaustive())
    task = work.next("host 1")
    assert task is not None
    work.give_back("host 1", task)
    rest = [work.next("host 2"), work.next("host 2"), work.next("host 2")]
    assert [task.pair.label.id for task in rest if task] == ["games", "web"]
    assert not work.left()


def test_of_a_pair_given_back_the_known_answers_stay() -> None:
    work = WorkQueue(cases("a"), Exhaustive())
    first, second = work.next("host 1"), work.next("host 1")
    assert first is not None
    assert second is not None
    work.note(first, 0.9)
    work.give_back("host 1", second)
    rest = [work.next("host 2"), work.next("host 2")]
    assert [task.pair.label.id for task in rest if task] == ["web"]


def test_after_a_yes_the_next_document_is_asked() -> None:
    work = WorkQueue(cases("a", "b"), UntilFirstYes(0.5))
    first = work.next("host")
    assert first is not None
    work.note(first, 0.9)
    second = work.next("host")
    assert second is not None
    assert second.pair.document.id == "b"


def test_who_waits_for_an_answer_goes_on_when_it_is_there() -> None:
    work = WorkQueue(cases("a"), UntilFirstYes(0.5))
    first = work.next("host")
    assert first is not None
    found: list[str] = []

    def second() -> None:
        task = work.next("host")
        found.append(task.pair.label.id if task else "none")

    waiting = threading.Thread(target=second)
    waiting.start()
    work.note(first, 0.1)
    waiting.join(timeout=10)
    assert found == ["web"]


def test_who_waits_goes_home_when_the_work_is_stopped() -> None:
    work = WorkQueue(cases("a"), UntilFirstYes(0.5))
    assert work.next("host") is not None
    waiting = threading.Thread(target=work.next, args=("host",))
    waiting.start()
    work.stop()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
