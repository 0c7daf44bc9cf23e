"""Hands out pairs to several hosts, one document at a time for each host."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from lmtx_search.judges.base import Pair
from lmtx_search.judges.order.base import WAIT, Case, Order


@dataclass(frozen=True, slots=True)
class Task:
    """A pair to ask: the one at ``position`` of a document."""

    case: Case
    position: int

    @property
    def pair(self) -> Pair:
        """The pair."""
        return self.case.pairs[self.position]


class WorkQueue:
    """A thread-safe queue of documents with their pairs.

    Args:
        cases: read only as they are needed.
        order: chooses the next pair of a document and decides when it has enough answers.
    """

    def __init__(self, cases: Iterable[Case], order: Order) -> None:
        self._cases = iter(cases)
        self._order = order
        self._of_host: dict[str, Case] = {}
        self._returned: deque[Case] = deque()
        self._changed = threading.Condition()
        self._stopped = False

    def next(self, host: str) -> Task | None:
        """Return the next pair for a host, first from its current document (None: the end).

        It waits if a pending answer decides what is asked next.
        """
        with self._changed:
            while not self._stopped:
                case = self._of_host.get(host)
                if case is None:
                    case = self._returned.popleft() if self._returned else next(self._cases, None)
                    if case is None:
                        return None
                    self._of_host[host] = case
                position = self._order.next(case)
                if position is WAIT:
                    self._changed.wait()
                elif position is None:
                    del self._of_host[host]
                else:
                    case.pending.add(position)
                    return Task(case, position)
            return None

    def note(self, task: Task, p_yes: float | None) -> None:
        """Record an answer."""
        with self._changed:
            task.case.pending.discard(task.position)
            task.case.answers[task.position] = p_yes
            if p_yes is not None:
                self._order.learn(task.pair, p_yes)
            self._changed.notify_all()

    def give_back(self, host: str, task: Task) -> None:
        """Take back a pair that a host could not answer, and its current document."""
        with self._changed:
            task.case.pending.discard(task.position)
            mine = self._of_host.pop(host, task.case)
            for case in (task.case, mine):
                if not any(case is other for other in self._returned):
                    self._returned.append(case)
            self._changed.notify_all()

    def left(self) -> bool:
        """Tell whether pairs that were given back are still waiting."""
        with self._changed:
            return any(self._order.next(case) is not None for case in self._returned)

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
