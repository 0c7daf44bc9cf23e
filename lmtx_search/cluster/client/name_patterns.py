"""Patterns of index names, in which ``*`` matches any characters."""

from __future__ import annotations

from functools import cache


def covers(pattern: str, other: str) -> bool:
    """Return whether a pattern matches every name that another pattern (or name) matches.

    >>> covers("logs-*", "logs-app-*"), covers("logs-app-*", "logs-*")
    (True, False)
    """

    @cache
    def matches(at: int, there: int) -> bool:
        if at == len(pattern):
            return there == len(other)
        if pattern[at] == "*":
            return matches(at + 1, there) or (there < len(other) and matches(at, there + 1))
        return there < len(other) and pattern[at] == other[there] and matches(at + 1, there + 1)

    return matches(0, 0)


def overlap(pattern: str, other: str) -> bool:
    """Return whether some name matches both patterns.

    >>> overlap("logs-*", "*-2026"), overlap("logs-*", "news-*")
    (True, False)
    """

    @cache
    def meet(at: int, there: int) -> bool:
        if at == len(pattern):
            return all(character == "*" for character in other[there:])
        if there == len(other):
            return all(character == "*" for character in pattern[at:])
        if pattern[at] == "*":
            return meet(at + 1, there) or meet(at, there + 1)
        if other[there] == "*":
            return meet(at, there + 1) or meet(at + 1, there)
        return pattern[at] == other[there] and meet(at + 1, there + 1)

    return meet(0, 0)
