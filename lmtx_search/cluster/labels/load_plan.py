"""What loading a label set changes in the label index: before it is done, and afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lmtx_search.records import Label


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Label ids by what a load does with them; ``missing`` ones are in the index alone."""

    created: frozenset[str]
    updated: frozenset[str]
    unchanged: frozenset[str]
    missing: frozenset[str]

    @classmethod
    def of(cls, labels: Iterable[Label], there: Mapping[str, bytes]) -> LoadPlan:
        """Compare labels with the short digests (:func:`short_digest`) of those in the index."""
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
        """How many labels the index has."""
        return len(self.updated) + len(self.unchanged) + len(self.missing)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. ``kept`` labels are in the index but not in what was loaded.

    ``previous`` is the version that the alias pointed to before.
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
        """Whether the alias moved."""
        return self.index != self.previous


def short_digest(digest: str) -> bytes:
    """Half of a SHA-256, as bytes: enough to tell contents apart, small for a large label set."""
    return bytes.fromhex(digest[:32])
