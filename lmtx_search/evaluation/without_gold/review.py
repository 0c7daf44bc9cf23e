"""A person checks tags: which pairs are asked, what was answered, and undoing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from lmtx_search.evaluation.without_gold.review_sample import LookedAt
from lmtx_search.judges.base import Pair
from lmtx_search.records import Judgment, Label, content_digest
from lmtx_search.training.teacher.human_feedback import person_id, person_judgment


class Kept(Protocol):
    """Keeps judgments."""

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return those that are there."""
        ...

    def add(self, judgments: list[Judgment]) -> None:
        """Write judgments."""
        ...

    def remove(self, id_: str) -> None:
        """Delete one."""
        ...


class Review:
    """The pairs of a sample that nobody has answered, document after document.

    A document's labels come in an order that does not tell which of them the system prefers. Each
    answer is kept at once: whoever stops goes on there.
    """

    def __init__(
        self, looked: Sequence[LookedAt], labels: Mapping[str, Label], store: Kept
    ) -> None:
        everything = [pair for one in looked for pair in _shuffled(one.pairs(labels))]
        there = store.find([person_id(pair.document, pair.label) for pair in everything])
        self._store = store
        self._pairs = [p for p in everything if person_id(p.document, p.label) not in there]
        self._past: list[Judgment | None] = []
        self.answered_before = len(there)

    @property
    def left(self) -> int:
        """Pairs that have not been shown, this one included."""
        return len(self._pairs) - len(self._past)

    @property
    def answered(self) -> int:
        """Answers of this review."""
        return sum(one is not None for one in self._past)

    def current(self) -> Pair | None:
        """Return the pair to answer; None: that was all."""
        return self._pairs[len(self._past)] if self.left else None

    def answer(self, yes: bool) -> None:
        """Keep the answer to the current pair."""
        pair = self._pairs[len(self._past)]
        judgment = person_judgment(pair.document, pair.label, yes, pair.rank)
        self._store.add([judgment])
        self._past.append(judgment)

    def skip(self) -> None:
        """Leave the current pair unanswered; it comes again in another review."""
        self._past.append(None)

    def undo(self) -> bool:
        """Go back to the pair before and forget its answer; False: there is none."""
        if not self._past:
            return False
        last = self._past.pop()
        if last is not None:
            self._store.remove(last.id)
        return True


def _shuffled(pairs: Sequence[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: content_digest(pair.document.id, pair.label.id))
