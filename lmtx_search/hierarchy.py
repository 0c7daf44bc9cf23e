"""The hierarchy of labels: all broader labels of a label, and cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

Broader = Mapping[str, Sequence[str]]
"""Label id → ids of the labels directly above it."""


def ancestors(broader: Broader, id_: str) -> list[str]:
    """Return the ids of all labels above one, nearest first; cycles are allowed."""
    found: dict[str, None] = {}
    level: Sequence[str] = broader.get(id_, ())
    while level:
        new = [above for above in dict.fromkeys(level) if above not in found and above != id_]
        found.update(dict.fromkeys(new))
        level = [further for above in new for further in broader.get(above, ())]
    return list(found)


def find_circle(broader: Broader) -> list[str]:
    """Return the ids of a cycle of labels, each one above the one before.

    The last id repeats the first. The list is empty if there is no cycle.
    """
    try:
        TopologicalSorter(broader).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
