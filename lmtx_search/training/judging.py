"""Asking a judge about pairs, and keeping what it says as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Judge, Pair, as_judgment, judgment_id
from lmtx_search.judges.budget import Budget
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Judgment

# Answers are written when so many, or after so many seconds: little is lost when a run is killed.
_WRITE_EVERY = 16
_WRITE_SECONDS = 3.0
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
class Judged:
    """What is known of the pairs: P(yes) by document id and label id, and what it cost.

    ``asked`` are the calls of this run, ``known`` the judgments that were there before,
    ``neither`` the answers that were neither yes nor no (nothing is kept of them), ``silent`` the
    pairs (document id, label id) that got one.
    """

    p_yes: dict[str, dict[str, float]] = field(default_factory=dict)
    asked: int = 0
    known: int = 0
    neither: int = 0
    seconds: float = 0.0
    silent: set[tuple[str, str]] = field(default_factory=set)

    def note(self, pair: Pair, p_yes: float) -> None:
        """Take in an answer."""
        self.p_yes.setdefault(pair.document.id, {})[pair.label.id] = p_yes

    def add(self, other: Judged) -> None:
        """Take in all that is known there."""
        for document, labels in other.p_yes.items():
            self.p_yes.setdefault(document, {}).update(labels)
        self.silent |= other.silent
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

    Args:
        documents: for each document its pairs, taken only as they are needed.
        name: of the stage that ``progress`` shows.
        sample: refuse a judge that tells nothing. Not in later cycles: what is new there may well
            all get the same answer.

    Raises:
        UserError: after a sample, the judge says the same to everything.
    """
    judged = Judged()
    started = time.monotonic()
    waiting: list[Judgment] = []
    written = started

    def write() -> None:
        nonlocal written
        if waiting:
            store.add(list(waiting))
            waiting.clear()
        written = time.monotonic()

    with progress.stage(name, budget.calls, "pairs") as advance:
        unknown = _unknown(judge, store, documents, budget, judged, advance)
        try:
            for answer in judge.ask(unknown):
                judged.asked += 1
                if answer.p_yes is None:
                    judged.neither += 1
                    judged.silent.add((answer.pair.document.id, answer.pair.label.id))
                else:
                    judged.note(answer.pair, answer.p_yes)
                    waiting.append(as_judgment(judge, answer.pair, answer.p_yes))
                advance(1)
                if len(waiting) >= _WRITE_EVERY or time.monotonic() - written > _WRITE_SECONDS:
                    write()
                if sample and judged.asked == _SAMPLE:
                    _refuse_useless(judge, judged)
        finally:
            write()
    judged.seconds = time.monotonic() - started
    return judged


def _unknown(
    judge: Judge,
    store: Store,
    documents: Iterable[list[Pair]],
    budget: Budget,
    judged: Judged,
    advance: Answered,
) -> Iterator[Pair]:
    """Yield what has to be asked; note what is known."""
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    used = 0
    rest = iter(documents)
    while chunk := list(islice(rest, _LOOK_UP)):
        ids = {judgment_id(judge, pair): pair for pairs in chunk for pair in pairs}
        found = store.find(list(ids))
        for pairs in chunk:
            if deadline is not None and time.monotonic() >= deadline:
                return
            if budget.calls is not None:
                pairs = pairs[: budget.calls - used]
            used += len(pairs)
            for pair in pairs:
                known = found.get(judgment_id(judge, pair))
                if known is None:
                    yield pair
                else:
                    judged.known += 1
                    judged.note(pair, known.p_yes)
                    advance(1)
            if budget.calls is not None and used >= budget.calls:
                return


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
