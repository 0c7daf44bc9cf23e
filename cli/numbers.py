"""How numbers are printed."""

from __future__ import annotations

from collections.abc import Sequence

import click


class Count(click.ParamType[int]):
    """A whole number of things, which may be large: ``5000000``, ``5_000_000`` or ``5e6``."""

    name = "number"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number; refuse fractions and numbers below zero."""
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1e15 or number != int(number):
            self.fail(f"{value!r} is not a number such as 5000000 or 5e6", param, ctx)
        return int(number)


SEED = click.IntRange(0)
"""The type of a seed: the generators of random numbers take none below zero."""


def threshold_interval(ends: Sequence[float] | None) -> str:
    """Return the 95 % interval of a threshold in brackets, with a blank before it; None: nothing.

    >>> threshold_interval((0.312, 0.387))
    ' (95% interval 0.31 to 0.39)'
    """
    return "" if ends is None else f" (95% interval {ends[0]:.2f} to {ends[1]:.2f})"
