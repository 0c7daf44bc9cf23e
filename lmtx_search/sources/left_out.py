"""Records that a reader leaves out on purpose, counted by reason with an example of each.

A reader adds to a :class:`LeftOut`, and the command that started the reading shows it. Leaving out
a draft or a deprecated concept is not an error. Errors are
:class:`~lmtx_search.records.BadLine`.
"""

from __future__ import annotations

from collections import Counter


class LeftOut:
    """Counts of the records that one reading of a source left out.

    Each reading needs a new object, because counts add up.

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
        """Count records that were left out.

        Args:
            reason: the kind of record, as it follows a number ("draft posts"). It must not
                contain anything that differs from record to record.
            example: identifies one record ("line 7", an id, a title). The first is kept.
            count: the number of records; 0 adds nothing.
        """
        if count:
            self._counts[reason] += count
            if example:
                self._first.setdefault(reason, example)

    def update(self, other: LeftOut, only: str = "") -> None:
        """Add the counts of another object, or that of one reason."""
        for reason, count in other._counts.items():
            if only in ("", reason):
                self.add(reason, other._first.get(reason, ""), count)

    @property
    def counts(self) -> dict[str, int]:
        """Number of records by reason, the most frequent reason first; for ``--json``."""
        return dict(self._counts.most_common())

    @property
    def total(self) -> int:
        """Number of all records that were left out."""
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
