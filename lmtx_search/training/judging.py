"""Asking a judge about pairs, and keeping what it says as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Answer, Judge, Pair, as_judgment, judgment_id
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order.base import Case, Order, OrderedJudge
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Judgment
from lmtx_search.training.keeping import Keeper

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

    ``asked`` are the calls of this run, ``known`` the judgments that were there before,
    ``neither`` the answers that were neither yes nor no (nothing is kept of them), ``silent`` the
    pairs (document id, label id) that got one, ``hosts`` who answered how often.
    """

    p_yes: dict[str, dict[str, float]] = field(default_factory=dict)
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

    def add(self, other: Judged) -> None:
        """Take in all that is known there."""
        for document, labels in other.p_yes.items():
            self.p_yes.setdefault(document, {}).update(labels)
        self.silent |= other.silent
        for name, cost in other.hosts.items():
            host = self.hosts.setdefault(name, HostCost())
            host.asked += cost.asked
            host.neither += cost.neither
        self.asked += other.asked
        self.known += other.known
        self.neither += other.neither
        self.seconds += other.seconds

    def not_yet(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return those of the pairs that the judge has not been asked about."""
        return [
            pair
            for pair in pairs
            if pair.label.id not in self.p_yes.get(pair.document.id, {})
            and (pair.document.id, pair.label.id) not in self.silent
        ]

    @property
    def pairs(self) -> int:
        """Pairs with an answer."""
        return sum(map(len, self.p_yes.values()))


def judge_pairs(
    judge: Judge,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    name: str,
    progress: Progress = SILENT,
    *,
    sample: bool = True,
) -> Judged:
    """Judge the pairs, document by document, until there are no more or the budget is used up.

    Judgments that are in the store are not asked again. They count against a budget of calls (so
    that a run that was killed and started again ends where it would have), not against one of
    time. The document that is being judged when the time is up is finished.

    Each answer is written as it comes: after a kill, what is asked again is what was under way
    at the judge and at the store (see :class:`Keeper`), and what the judge gave no answer to.

    Args:
        documents: for each document its pairs, taken only as they are needed.
        name: of the stage that ``progress`` shows.
        sample: refuse a judge that tells nothing. Not in later cycles: what is new there may well
            all get the same answer.

    Raises:
        UserError: after a sample, the judge says the same to everything.
    """

    def ask(cases: Iterable[Case]) -> Iterator[Answer]:
        return judge.ask(case.pairs[position] for case in cases for position in case.unasked())

    return _judge(judge, ask, None, store, documents, budget, name, progress, sample)


def judge_in_order(
    judge: OrderedJudge,
    order: Order,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    name: str,
    progress: Progress = SILENT,
) -> Judged:
    """Judge as :func:`judge_pairs` does, but of each document only what the order asks.

    A budget of calls is never exceeded; a few calls of it may be left, for the documents that
    are open near its end are reckoned with all their pairs.
    """

    def ask(cases: Iterable[Case]) -> Iterator[Answer]:
        return judge.ask_cases(cases, order)

    return _judge(judge, ask, order, store, documents, budget, name, progress, sample=True)


def _judge(
    judge: Judge,
    ask: Callable[[Iterable[Case]], Iterator[Answer]],
    order: Order | None,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    name: str,
    progress: Progress,
    sample: bool,
) -> Judged:
    judged = Judged()
    started = time.monotonic()
    with progress.stage(name, budget.calls, "pairs") as advance, Keeper(store.add) as keeper:
        unknown = _unknown(judge, order, store, documents, budget, judged, advance)
        answers = ask(unknown)
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


def _unknown(
    judge: Judge,
    order: Order | None,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    judged: Judged,
    advance: Answered,
) -> Iterator[Case]:
    """Yield the documents with their pairs and known answers; note what is known."""
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    spent = _Spent(order)
    rest = iter(documents)
    while chunk := list(islice(rest, _LOOK_UP)):
        ids = [[judgment_id(judge, pair) for pair in pairs] for pairs in chunk]
        found = store.find({id_ for ids_of_one in ids for id_ in ids_of_one})
        for pairs, ids_of_one in zip(chunk, ids, strict=True):
            if deadline is not None and time.monotonic() >= deadline:
                return
            if budget.calls is not None:
                pairs = pairs[: budget.calls - spent.calls()]
            case = Case(pairs)
            for position, pair in enumerate(pairs):
                known = found.get(ids_of_one[position])
                if known is not None:
                    case.answers[position] = known.p_yes
                    judged.known += 1
                    judged.note(pair, known.p_yes)
                    if order is not None:
                        order.learn(pair, known.p_yes)
                    advance(1)
            spent.add(case)
            yield case
            if budget.calls is not None and spent.calls() >= budget.calls:
                return


class _Spent:
    """How many calls documents cost: their answers; all their pairs as long as they are open."""

    def __init__(self, order: Order | None) -> None:
        self._order = order
        self._done = 0
        self._open: list[Case] = []

    def add(self, case: Case) -> None:
        if self._order is None:
            self._done += len(case.pairs)
        else:
            self._open.append(case)

    def calls(self) -> int:
        if self._order is not None:
            still = [case for case in self._open if not self._order.finished(case)]
            self._done += sum(
                len(case.answers) for case in self._open if self._order.finished(case)
            )
            self._open = still
        return self._done + sum(len(case.pairs) for case in self._open)


class Answered(Protocol):
    """Takes the number of pairs that were answered."""

    def __call__(self, count: int, /) -> None:
        """Count them."""
        ...


def _refuse_useless(judge: Judge, judged: Judged) -> None:
    """Say so before hours are spent."""
    if judged.neither > judged.asked // 2:
        raise UserError(
            f"{judge.name} said neither yes nor no to {judged.neither} of {judged.asked} pairs: "
            "take another --model or --prompt"
        )
    values = [p_yes for labels in judged.p_yes.values() for p_yes in labels.values()]
    low, middle, high = np.percentile(values, [5, 50, 95])
    if high - low < _LEAST_SPREAD:
        raise UserError(
            f"{judge.name} says the same to everything (P(yes) {middle:.3f} over {len(values)} "
            "pairs): take another --model or --prompt"
        )
