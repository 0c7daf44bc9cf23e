"""Large label sets for measurements, made of a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

from lmtx_search.records import Label


def many_labels(known: Sequence[Label], count: int) -> list[Label]:
    """Return the known labels, and then pairs of their names, until there are ``count``."""
    if count > len(known) ** 2:
        raise SystemExit(f"{len(known):,} labels make at most {len(known) ** 2:,} with their pairs")
    pairs = (
        Label(f"{one.id} {other.id}", f"{one.text} {other.text}")
        for shift in range(1, len(known))
        for one, other in zip(known, [*known[shift:], *known[:shift]], strict=True)
    )
    return list(islice(chain(known, pairs), count))
