"""The hierarchy of labels: all broader labels of a label, and cycles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


def without(broader: Broader, left_out: Collection[str]) -> Broader:
    """Return the hierarchy without some labels; what is above them is above those below them."""
    if not left_out:
        return broader
    found: dict[str, Sequence[str]] = {}
    for id_, above in broader.items():
        kept: dict[str, None] = {}
        seen = {id_}
        level = list(above)
        while level:
            new = [one for one in dict.fromkeys(level) if one not in seen]
            seen.update(new)
            kept.update(dict.fromkeys(one for one in new if one not in left_out))
            level = [up for one in new if one in left_out for up in broader.get(one, ())]
        if kept:
            found[id_] = list(kept)
    return found


def find_circle(broader: Broader) -> list[str]:
    """Return the ids of a cycle of labels, each one above the one before.

    The last id repeats the first. The list is empty if there is no cycle.
    """
    try:
        TopologicalSorter(broader).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
