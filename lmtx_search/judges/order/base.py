"""A document before the judge, and what a strategy decides about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import Final, Literal, Protocol

from lmtx_search.judges.base import Answer, Judge, Pair


class Wait(Enum):
    """Says that an answer under way decides what is asked next."""

    WAIT = "wait"


WAIT: Final = Wait.WAIT


@dataclass(eq=False)
class Case:
    """A document's pairs, best first, and what has become of them.

    ``answers`` are P(yes) by position in ``pairs`` (None: neither yes nor no), those known from
    before included; ``pending`` the positions that are being asked; ``stored`` judgments that
    become answers when they are asked for (see :class:`Replay`).
    """

    pairs: Sequence[Pair]
    answers: dict[int, float | None] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)
    stored: Mapping[int, float] = field(default_factory=dict)

    def unasked(self) -> Iterator[int]:
        """Yield the positions that nobody has asked, in the shortlist's order."""
        return (
            position
            for position in range(len(self.pairs))
            if position not in self.answers and position not in self.pending
        )

    def best(self) -> float | None:
        """Return the highest P(yes) so far."""
        return max((p for p in self.answers.values() if p is not None), default=None)


class Order(ABC):
    """Decides which pair of a document is asked next, given its answers so far."""

    @abstractmethod
    def next(self, case: Case) -> int | Literal[Wait.WAIT] | None:
        """Return the position to ask; WAIT for a pending answer; None: nothing more to ask.

        May be called more often than pairs are asked: called again, it must return the same.
        """

    def learn(self, pair: Pair, p_yes: float) -> None:  # noqa: B027  (most have nothing to learn)
        """Take in an answer, of any document."""

    def finished(self, case: Case) -> bool:
        """Tell whether nothing of the document is, or will be, asked."""
        return not case.pending and self.next(case) is None


class OrderedJudge(Judge, Protocol):
    """A judge that lets a strategy decide what it is asked."""

    @property
    def lost(self) -> dict[str, str]:
        """Hosts that were given up, and why."""
        ...

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Answer what the order asks of each document, as answers come.

        Documents are taken only as they are needed. The answers are noted in the cases.
        """
        ...


def cases_of(pairs: Iterable[Pair]) -> Iterator[Case]:
    """Group pairs by document; those of a document follow each other."""
    for _, group in groupby(pairs, key=lambda pair: pair.document.id):
        yield Case(list(group))
