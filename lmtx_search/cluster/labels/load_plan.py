"""The changes that loading a label set makes to the label index, as a plan and as a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lmtx_search.records import Label, short_digest


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Label ids by what a load does with them; ``missing`` labels are only in the index."""

    created: frozenset[str]
    updated: frozenset[str]
    unchanged: frozenset[str]
    missing: frozenset[str]

    @classmethod
    def of(cls, labels: Iterable[Label], there: Mapping[str, bytes]) -> LoadPlan:
        """Compare labels with the short digests of those in the index (``LabelIndex.digests``)."""
        wanted = {label.id: short_digest(label.digest) for label in labels}
        known = wanted.keys() & there.keys()
        unchanged = frozenset(id_ for id_ in known if there[id_] == wanted[id_])
        return cls(
            created=frozenset(wanted.keys() - there.keys()),
            updated=frozenset(known - unchanged),
            unchanged=unchanged,
            missing=frozenset(there.keys() - wanted.keys()),
        )

    @property
    def there(self) -> int:
        """Number of labels in the index."""
        return len(self.updated) + len(self.unchanged) + len(self.missing)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The result of a load. ``kept`` labels are in the index but not among the loaded ones.

    ``previous`` is the version to which the alias pointed before.
    """

    index: str
    previous: str
    created: int
    updated: int
    unchanged: int
    kept: int
    retired: int = 0

    @property
    def new_version(self) -> bool:
        """Whether the alias was moved."""
        return self.index != self.previous
