"""What a person rules about labels: which are for people only, exclude or imply each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lmtx_search.hierarchy import ancestors
from lmtx_search.records import content_digest

Pairs = tuple[tuple[str, str], ...]
"""Pairs of label ids."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules about labels, which are named by their ids.

    Attributes:
        people_only: labels that only people assign.
        exclude: labels that never stand together, in any order.
        imply: (label, label that comes with it).
        group_of: label → the group of documents that it is for. Other labels are for all documents.
        group_field: the field of a document that names its groups (None: there are no groups).
        max_per_branch: the most tags directly below the same broader label (None: no limit).
    """

    people_only: tuple[str, ...] = ()
    exclude: Pairs = ()
    imply: Pairs = ()
    group_of: Mapping[str, str] = field(default_factory=dict)
    max_per_branch: int | None = None
    group_field: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Rules:
        """Return rules from their :attr:`record`."""
        pairs = {name: tuple((a, b) for a, b in values[name]) for name in ("exclude", "imply")}
        return cls(**{**values, **pairs, "people_only": tuple(values["people_only"])})

    @property
    def record(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return asdict(self)

    @property
    def number(self) -> int:
        """How many rules these are."""
        listed = len(self.people_only) + len(self.exclude) + len(self.imply) + len(self.group_of)
        return listed + (self.max_per_branch is not None)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the rules."""
        return content_digest(repr(sorted(self.record.items())))

    @property
    def groups(self) -> list[str]:
        """The groups that labels are for."""
        return sorted(set(self.group_of.values()))

    def implied(self) -> dict[str, list[str]]:
        """Return for each label that implies others all that come with it, also indirectly."""
        direct = _by_first(self.imply)
        return {label: ancestors(direct, label) for label in direct}

    def excluded(self) -> Pairs:
        """Return all pairs that exclude each other, also by what they imply.

        If A implies B, and B excludes C, then A excludes C too.
        """
        above = _by_first((implied, label) for label, implied in self.imply)
        pairs = {
            (min(one, other), max(one, other))
            for first, second in self.exclude
            for one in (first, *ancestors(above, first))
            for other in (second, *ancestors(above, second))
        }
        return tuple(sorted(pairs))


def _by_first(pairs: Sequence[tuple[str, str]] | Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return found
