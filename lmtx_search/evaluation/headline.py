"""The one measure of an evaluation that dashboards show over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Estimated(Protocol):
    """An estimate of a measure."""

    @property
    def value(self) -> float:
        """The measure, in [0, 1]."""
        ...


def tagger_p1(results: Mapping[str, Mapping[str, Estimated]]) -> float | None:
    """Return P@1 of the first measured tagger version (None: no version was measured).

    Args:
        results: estimates by system, then by measure.
    """
    for name, estimates in results.items():
        if name.startswith("tagger") and "P@1" in estimates:
            return estimates["P@1"].value
    return None
