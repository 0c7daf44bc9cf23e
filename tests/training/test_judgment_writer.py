"""Judgments are written as they come."""

from __future__ import annotations

import threading

import pytest

from lmtx_search.records import Judgment
from lmtx_search.training.teacher.judgment_writer import JudgmentWriter


def judgment(number: int) -> Judgment:
    return Judgment(str(number), "d", "l", 0.5, 0, "judge", "prompt")


def test_a_judgment_is_written_while_the_next_is_being_asked() -> None:
    written = threading.Event()
    with JudgmentWriter(lambda batch: written.set()) as writer:
        writer.write(judgment(0))
        assert written.wait(timeout=10)


def test_what_comes_during_a_write_is_the_next_write() -> None:
    batches: list[list[str]] = []
    begun, go_on = threading.Event(), threading.Event()

    def add(batch: list[Judgment]) -> None:
        batches.append([one.id for one in batch])
        begun.set()
        assert go_on.wait(timeout=10)

    with JudgmentWriter(add) as writer:
        writer.write(judgment(0))
        assert begun.wait(timeout=10)
        writer.write(judgment(1))
        writer.write(judgment(2))
        go_on.set()
    assert batches == [["0"], ["1", "2"]]


def test_what_is_left_is_written_when_the_run_is_stopped() -> None:
    stored: list[Judgment] = []

    def stopped() -> None:
        with JudgmentWriter(stored.extend) as writer:
            writer.write(judgment(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert stored == [judgment(0)]


def test_a_store_that_fails_ends_the_run() -> None:
    def fails(batch: list[Judgment]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), JudgmentWriter(fails) as writer:
        writer.write(judgment(0))
