"""A document in front of the judge, and the interface of a strategy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import Final, Literal, Protocol

from lmtx_search.judges.base import Answer, Judge, Pair


class Wait(Enum):
    """Means that a pending answer decides what is asked next."""

    WAIT = "wait"


WAIT: Final = Wait.WAIT


@dataclass(eq=False)
class Case:
    """The pairs of a document, best first, and their answers.

    Attributes:
        answers: P(yes) by position in ``pairs`` (None: neither yes nor no), including those that
            were known before.
        pending: the positions that are being asked.
        stored: P(yes) of stored judgments by position, which become answers when the order asks
            for them (see :class:`Replay`).
    """

    pairs: Sequence[Pair]
    answers: dict[int, float | None] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)
    stored: Mapping[int, float] = field(default_factory=dict)

    def unasked(self) -> Iterator[int]:
        """Yield the positions that were not asked, in the order of the shortlist."""
        return (
            position
            for position in range(len(self.pairs))
            if position not in self.answers and position not in self.pending
        )

    def best(self) -> float | None:
        """Return the highest P(yes) so far (None: no answer yet)."""
        return max((p for p in self.answers.values() if p is not None), default=None)


class Order(ABC):
    """Chooses the next pair of a document, given its answers so far."""

    @abstractmethod
    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the position to ask, WAIT for a pending answer, or None for the end.

        It may be called more often than pairs are asked, and must then return the same.
        """

    def learn(self, pair: Pair, p_yes: float) -> None:  # noqa: B027  (most do not learn)
        """Learn from an answer about any document."""

    def finished(self, case: Case) -> bool:
        """Tell whether no pair of the document is pending or will be asked."""
        return not case.pending and self.next(case) is None


class OrderedJudge(Judge, Protocol):
    """A judge whose questions are chosen by a strategy."""

    @property
    def lost(self) -> dict[str, str]:
        """The reasons by host for hosts that were given up."""
        ...

    @property
    def chat_problem(self) -> str:
        """What is doubtful about how the model is asked ("": nothing)."""
        ...

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Yield answers to the pairs that the order chooses, as they arrive.

        Documents are read only as they are needed. Answers are also recorded in the cases.
        """
        ...


def cases_of(pairs: Iterable[Pair]) -> Iterator[Case]:
    """Group pairs by document. Pairs of one document must be adjacent."""
    for _, group in groupby(pairs, key=lambda pair: pair.document.id):
        yield Case(list(group))
