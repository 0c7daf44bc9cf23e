"""Asks a judge about pairs within a budget and stores each answer as it arrives."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.base import (
    ANOTHER_MODEL,
    SERVER,
    SHORTER,
    Judge,
    Pair,
    as_judgment,
    judgment_id,
)
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import Case, Order, OrderedJudge
from lmtx_search.judges.order.replay import Replay
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Judgment
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.training.teacher.judgment_writer import JudgmentWriter

# Documents whose judgments are looked up in one request.
_LOOK_UP = 64
# After this many answers, a judge that does not distinguish pairs is refused.
_SAMPLE = 60
_LEAST_SPREAD = 0.01


class Store(Protocol):
    """Stores judgments by their content hash."""

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return the judgments that exist, by id."""
        ...

    def add(self, judgments: list[Judgment]) -> None:
        """Write judgments."""
        ...


@dataclass(frozen=True, slots=True)
class Teacher:
    """A judge, the order in which it is asked about pairs, and the store of its answers."""

    judge: OrderedJudge
    order: Order
    store: Store


@dataclass(frozen=True, slots=True)
class JudgingTask:
    """One round of questions to the judge.

    Attributes:
        name: of the stage that ``progress`` shows.
        earlier: the answers of earlier cycles. The order knows them from the start, and they cost
            nothing.
        sample: refuse a judge that does not distinguish pairs. Later cycles turn this off, since
            their few new pairs may well all get the same answer.
        without_answer: what happens to questions on which the judge's server failed, for people.
    """

    name: str
    budget: Budget = field(default_factory=Budget)
    progress: Progress = SILENT
    earlier: JudgingResult = field(default_factory=JudgingResult)
    sample: bool = True
    without_answer: str = "the same command asks them again"


def judge_pairs(
    teacher: Teacher, documents: Iterable[list[Pair]], task: JudgingTask
) -> JudgingResult:
    """Ask the judge about the pairs that the order chooses, within the budget.

    A stored judgment is not asked again. It becomes an answer when the order asks for its pair, and
    then counts against a budget of calls, so that a run that was killed and started again ends at
    the same point. It does not count against a budget of time. When the time is up, the current
    document is finished. A budget of calls is never exceeded. With several hosts a few calls may
    remain, because each document that is open near the end reserves a call for all its pairs.

    Each answer is stored as it arrives. After a kill, the judge is asked again only about pairs
    whose answers were in transit to or from it or to the store (see :class:`JudgmentWriter`), and
    about pairs that it did not answer with yes or no.

    Args:
        documents: the pairs of each document, best first. They are read only as needed.

    Returns:
        The answers of this call, including those from the store, without those of ``task.earlier``.

    Raises:
        UserError: the judge gave the same answer to all pairs of a sample, or none to most of them.
    """
    judge, progress = teacher.judge, task.progress
    judged = JudgingResult()
    started = time.monotonic()
    with (
        progress.stage(task.name, task.budget.calls, "pairs") as advance,
        JudgmentWriter(teacher.store.add) as writer,
    ):

        def take(pair: Pair, p_yes: float) -> None:
            judged.known += 1
            judged.note(pair, p_yes)
            advance(1)

        replay = Replay(teacher.order, take)
        cases = _cases(teacher, replay, documents, task)
        answers = judge.ask_cases(cases, replay)
        try:
            for answer in answers:
                judged.count(answer)
                if answer.p_yes is not None:
                    writer.write(as_judgment(judge, answer.pair, answer.p_yes))
                advance(1)
                if task.sample and judged.asked == _SAMPLE:
                    _refuse_useless(judge, judged)
        finally:
            if isinstance(answers, Generator):
                answers.close()
    judged.seconds = time.monotonic() - started
    if judged.too_long:
        progress.note(
            f"{judged.too_long} of {judged.asked} prompts do not fit into the context of "
            f"{judge.name} and have no answer: {SHORTER}"
        )
    if judged.failed:
        progress.note(
            f"{judged.failed} of {judged.asked} questions have no answer, because the judge's "
            f"server failed ({judged.failure}): {task.without_answer}"
        )
    return judged


def require_answers(judged: JudgingResult) -> None:
    """Check that there is an answer if the judge's server failed.

    Raises:
        LmtxError: the server failed, and no question has an answer.
    """
    if judged.failed and not judged.pairs:
        raise LmtxError(
            f"the judge's server failed on {judged.failed} of {judged.asked} questions, and none "
            f"has an answer ({judged.failure}): {SERVER}"
        )


def _cases(
    teacher: Teacher, order: Order, documents: Iterable[list[Pair]], task: JudgingTask
) -> Iterator[Case]:
    """Yield the documents with at least one pair to ask."""
    budget = task.budget
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    calls = _Calls(budget.calls, order)
    rest = iter(documents)
    while chunk := list(islice(rest, _LOOK_UP)):
        cases = [Case(pairs, task.earlier.answers(pairs)) for pairs in chunk]
        ids = [
            {at: judgment_id(teacher.judge, case.pairs[at]) for at in case.unasked()}
            for case in cases
        ]
        found = teacher.store.find({id_ for ids_of_case in ids for id_ in ids_of_case.values()})
        for case, ids_of_case in zip(cases, ids, strict=True):
            if deadline is not None and time.monotonic() >= deadline:
                return
            case.stored = {at: found[id_].p_yes for at, id_ in ids_of_case.items() if id_ in found}
            for position, p_yes in case.answers.items():
                if p_yes is not None:
                    order.learn(case.pairs[position], p_yes)
            calls.spend_on(case)
            if not order.finished(case):
                yield case
            if calls.left() == 0:
                return


class _Calls:
    """The rest of a budget of calls. An open document reserves one call for each of its pairs."""

    def __init__(self, budget: int | None, order: Order) -> None:
        self._budget = budget
        self._order = order
        # Open documents, with the number of their known answers and of their new pairs.
        self._open: list[tuple[Case, int, int]] = []

    def spend_on(self, case: Case) -> None:
        """Reserve calls for a document; drop the pairs that exceed the budget."""
        left = self.left()
        if left is None:
            return
        new = list(case.unasked())
        if len(new) > left:
            # Known answers to dropped pairs stay: they may be enough for the order.
            case.pairs = case.pairs[: new[left]]
        self._open.append((case, len(case.answers), min(len(new), left)))

    def left(self) -> int | None:
        """Return how many calls are left (None: no limit)."""
        if self._budget is None:
            return None
        still = []
        for case, known, new in self._open:
            if self._order.finished(case):
                self._budget -= len(case.answers) - known
            else:
                still.append((case, known, new))
        self._open = still
        return self._budget - sum(new for _, _, new in still)


def _refuse_useless(judge: Judge, judged: JudgingResult) -> None:
    """Stop before hours are spent on a judge that does not distinguish pairs."""
    if judged.neither + judged.failed > judged.asked // 2:
        if judged.failed > judged.neither:
            raise UserError(
                f"the judge's server failed on {judged.failed} of {judged.asked} questions "
                f"({judged.failure}): {SERVER}"
            )
        if judged.too_long > judged.asked // 2:
            raise UserError(
                f"{judged.too_long} of {judged.asked} prompts do not fit into the context of "
                f"{judge.name}: {SHORTER}"
            )
        raise UserError(
            f"{judge.name} said neither yes nor no to {judged.neither} of {judged.asked} pairs: "
            f"{ANOTHER_MODEL} or prompt"
        )
    # Copies, because the judge's threads add stored judgments at the same time.
    values = [p_yes for labels in list(judged.p_yes.values()) for p_yes in list(labels.values())]
    low, middle, high = np.percentile(values, [5, 50, 95])
    if high - low < _LEAST_SPREAD:
        raise UserError(
            f"{judge.name} says the same to everything (P(yes) {middle:.3f} over {len(values)} "
            f"pairs): {ANOTHER_MODEL} or prompt"
        )
