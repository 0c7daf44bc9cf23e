"""Asking a judge about pairs, and keeping what it says as it comes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Answer, Judge, Pair, as_judgment, judgment_id
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import Case, Order, OrderedJudge
from lmtx_search.judges.order.replay import Replay
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Judgment
from lmtx_search.training.teacher.judgment_writer import Keeper

# Documents whose judgments are looked up in one request.
_LOOK_UP = 64
# After so many answers it is said when they tell nothing.
_SAMPLE = 60
_LEAST_SPREAD = 0.01


class Store(Protocol):
    """Keeps judgments by their content hash."""

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return those that are there."""
        ...

    def add(self, judgments: list[Judgment]) -> None:
        """Write judgments."""
        ...


@dataclass
class HostCost:
    """Calls that a host answered, and how many of them with neither yes nor no."""

    asked: int = 0
    neither: int = 0


@dataclass
class Judged:
    """What is known of the pairs: P(yes) by document id and label id, and what it cost.

    ``nearness`` is the pairs' own when they were asked, likewise by document and label. ``asked``
    are the calls of this run, ``known`` the judgments that were there before, ``neither`` the
    answers that were neither yes nor no (nothing is kept of them), ``silent`` the pairs (document
    id, label id) that got one, ``hosts`` who answered how often.
    """

    p_yes: dict[str, dict[str, float]] = field(default_factory=dict)
    nearness: dict[str, dict[str, float]] = field(default_factory=dict)
    asked: int = 0
    known: int = 0
    neither: int = 0
    seconds: float = 0.0
    silent: set[tuple[str, str]] = field(default_factory=set)
    hosts: dict[str, HostCost] = field(default_factory=dict)

    def count(self, answer: Answer) -> None:
        """Take in an answer of this run."""
        host = self.hosts.setdefault(answer.host, HostCost())
        self.asked += 1
        host.asked += 1
        if answer.p_yes is None:
            self.neither += 1
            host.neither += 1
            self.silent.add((answer.pair.document.id, answer.pair.label.id))
        else:
            self.note(answer.pair, answer.p_yes)

    def note(self, pair: Pair, p_yes: float) -> None:
        """Take in an answer."""
        self.p_yes.setdefault(pair.document.id, {})[pair.label.id] = p_yes
        self.nearness.setdefault(pair.document.id, {})[pair.label.id] = pair.nearness

    def add(self, other: Judged) -> None:
        """Take in all that is known there."""
        for mine, theirs in ((self.p_yes, other.p_yes), (self.nearness, other.nearness)):
            for document, labels in theirs.items():
                mine.setdefault(document, {}).update(labels)
        self.silent |= other.silent
        for name, cost in other.hosts.items():
            host = self.hosts.setdefault(name, HostCost())
            host.asked += cost.asked
            host.neither += cost.neither
        self.asked += other.asked
        self.known += other.known
        self.neither += other.neither
        self.seconds += other.seconds

    def answers(self, pairs: Sequence[Pair]) -> dict[int, float | None]:
        """Return what the judge said of the pairs, by position (None: neither yes nor no)."""
        found: dict[int, float | None] = {}
        for position, pair in enumerate(pairs):
            document, label = pair.document.id, pair.label.id
            p_yes = self.p_yes.get(document, {}).get(label)
            if p_yes is not None or (document, label) in self.silent:
                found[position] = p_yes
        return found

    @property
    def pairs(self) -> int:
        """Pairs with an answer."""
        return sum(map(len, self.p_yes.values()))


def judge_pairs(
    judge: OrderedJudge,
    order: Order,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    name: str,
    progress: Progress = SILENT,
    *,
    earlier: Judged | None = None,
    sample: bool = True,
) -> Judged:
    """Judge of each document what the order asks, within the budget.

    Judgments that are in the store are not asked again, but taken when the order asks for them.
    They count against a budget of calls (so that a run that was killed and started again ends
    where it would have), not against one of time. The document that is being judged when the time
    is up is finished. A budget of calls is never exceeded; with several hosts a few calls of it may
    be left, for the documents that are open near its end are reckoned with all their pairs.

    Each answer is written as it comes: after a kill, what is asked again is what was under way
    at the judge and at the store (see :class:`Keeper`), and what the judge gave no answer to.

    Args:
        documents: for each document its pairs, best first, taken only as they are needed.
        name: of the stage that ``progress`` shows.
        earlier: what the judge was asked in earlier cycles: the order knows it from the start, and
            it costs nothing.
        sample: refuse a judge that tells nothing. Not in later cycles: what is new there may well
            all get the same answer.

    Returns:
        What the judge was asked, or would have been without the store; not what was known earlier.

    Raises:
        UserError: after a sample, the judge says the same to everything.
    """
    judged = Judged()
    started = time.monotonic()
    with progress.stage(name, budget.calls, "pairs") as advance, Keeper(store.add) as keeper:

        def take(pair: Pair, p_yes: float) -> None:
            judged.known += 1
            judged.note(pair, p_yes)
            advance(1)

        replay = Replay(order, take)
        cases = _cases(judge, replay, store, documents, budget, earlier or Judged())
        answers = judge.ask_cases(cases, replay)
        try:
            for answer in answers:
                judged.count(answer)
                if answer.p_yes is not None:
                    keeper.keep(as_judgment(judge, answer.pair, answer.p_yes))
                advance(1)
                if sample and judged.asked == _SAMPLE:
                    _refuse_useless(judge, judged)
        finally:
            if isinstance(answers, Generator):
                answers.close()
    judged.seconds = time.monotonic() - started
    return judged


def _cases(
    judge: Judge,
    order: Order,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    earlier: Judged,
) -> Iterator[Case]:
    """Yield the documents of which the judge is to be asked something."""
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    calls = _Calls(budget.calls, order)
    rest = iter(documents)
    while chunk := list(islice(rest, _LOOK_UP)):
        cases = [Case(pairs, earlier.answers(pairs)) for pairs in chunk]
        ids = [{at: judgment_id(judge, case.pairs[at]) for at in case.unasked()} for case in cases]
        found = store.find({id_ for ids_of_case in ids for id_ in ids_of_case.values()})
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
    """What is left of a budget of calls; a document takes all its pairs as long as it is open."""

    def __init__(self, budget: int | None, order: Order) -> None:
        self._budget = budget
        self._order = order
        # With the answers that were known, and the pairs that are new.
        self._open: list[tuple[Case, int, int]] = []

    def spend_on(self, case: Case) -> None:
        """Reckon with a document, cut off where the budget ends."""
        left = self.left()
        if left is None:
            return
        new = list(case.unasked())
        if len(new) > left:
            # What is known of the pairs cut off stays: an order may have enough with it.
            case.pairs = case.pairs[: new[left]]
        self._open.append((case, len(case.answers), min(len(new), left)))

    def left(self) -> int | None:
        """Return how many calls are left; None: any number."""
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


def _refuse_useless(judge: Judge, judged: Judged) -> None:
    """Say so before hours are spent."""
    if judged.neither > judged.asked // 2:
        raise UserError(
            f"{judge.name} said neither yes nor no to {judged.neither} of {judged.asked} pairs: "
            "choose another model (--model) or prompt"
        )
    # Copies: the judge's threads take in stored judgments meanwhile.
    values = [p_yes for said in list(judged.p_yes.values()) for p_yes in list(said.values())]
    low, middle, high = np.percentile(values, [5, 50, 95])
    if high - low < _LEAST_SPREAD:
        raise UserError(
            f"{judge.name} says the same to everything (P(yes) {middle:.3f} over {len(values)} "
            "pairs): choose another model (--model) or prompt"
        )
