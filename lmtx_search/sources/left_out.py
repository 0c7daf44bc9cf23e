"""What a reader leaves out on purpose: counted by reason, with the first example of each.

A reader takes a :class:`LeftOut` and adds to it; the command that started the reading shows it.
Leaving out a draft or a deprecated concept is not a fault: faults are
:class:`~lmtx_search.records.BadLine`.
"""

from __future__ import annotations

from collections import Counter


class LeftOut:
    """Counts of what was left out in one reading of one source.

    Each reading from the beginning takes a new one: counts of two readings would add up.

    >>> left_out = LeftOut()
    >>> left_out.add("draft posts", "post 2: 'Plans'")
    >>> left_out.add("draft posts", "post 7: 'Ideas'")
    >>> left_out.counts
    {'draft posts': 2}
    >>> left_out.lines()
    ["Left out: 2 draft posts (the first: post 2: 'Plans')"]
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, reason: str, example: str = "", count: int = 1) -> None:
        """Count what was left out.

        Args:
            reason: what it is, as it follows a number ("draft posts"). Few different ones:
                nothing that differs from record to record belongs into it.
            example: which one it is ("line 7", an id, a title). The first is kept.
            count: how many; 0 adds nothing.
        """
        if count:
            self._counts[reason] += count
            if example:
                self._first.setdefault(reason, example)

    def update(self, other: LeftOut) -> None:
        """Add the counts of another one."""
        for reason, count in other._counts.items():
            self.add(reason, other._first.get(reason, ""), count)

    @property
    def counts(self) -> dict[str, int]:
        """How many were left out by reason, the most frequent reason first; for ``--json``."""
        return dict(self._counts.most_common())

    @property
    def total(self) -> int:
        """How many were left out in all."""
        return self._counts.total()

    def lines(self) -> list[str]:
        """Return a line for each reason, for people."""
        return [
            f"Left out: {count:,} {reason}"
            + (f" (the first: {self._first[reason]})" if reason in self._first else "")
            for reason, count in self._counts.most_common()
        ]

    def __bool__(self) -> bool:
        return bool(self._counts)
