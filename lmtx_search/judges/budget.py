"""A limit on how long or how often a judge is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lmtx_search.errors import UserError

_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of calls or seconds (None: no limit)."""

    calls: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        """Return the budget in words."""
        if self.calls is not None:
            return f"{self.calls:,} calls"
        return "no limit" if self.seconds is None else f"{self.seconds / 60:g} min"


def parse_budget(text: str) -> Budget:
    """Read ``5m``, ``90s``, ``1h`` (time) or ``500`` (calls).

    Raises:
        UserError: the text is none of these, or zero.
    """
    seconds = seconds_of(text)
    calls = int(text) if re.fullmatch(r"\s*\d+\s*", text) else None
    if not (seconds or calls):
        raise UserError(f"the judge's budget {text!r} is neither a time (5m, 90s) nor calls (500)")
    return Budget(calls, seconds)


def seconds_of(text: str) -> float | None:
    """Return the seconds of ``5m``, ``90s`` or ``1h`` (None: the text is no time).

    >>> seconds_of("1.5m")
    90.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    return None if match is None else float(match[1]) * _SECONDS[match[2]]
