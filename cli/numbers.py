"""How numbers are printed."""

from __future__ import annotations

from collections.abc import Sequence


def threshold_interval(ends: Sequence[float] | None) -> str:
    """Return the 95 % interval of a threshold in brackets, with a blank before it; None: nothing.

    >>> threshold_interval((0.312, 0.387))
    ' (95% interval 0.31 to 0.39)'
    """
    return "" if ends is None else f" (95% interval {ends[0]:.2f} to {ends[1]:.2f})"
