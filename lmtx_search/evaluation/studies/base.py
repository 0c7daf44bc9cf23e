"""A study varies one setting of a training and keeps all others the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Point:
    """One training of a study: its value on the axis, and its settings."""

    value: str
    settings: Settings
    training: TrainingSettings


Vary = Callable[[Settings, TrainingSettings, str], Point]


@dataclass(frozen=True, slots=True)
class Study:
    """A study.

    Attributes:
        axis: what is varied, for people.
        values: the default values (empty: the user must give them).
        vary: makes the point of a value.
        by_cycle: measure after each cycle; the axis is the cycle.
    """

    axis: str
    values: tuple[str, ...]
    vary: Vary
    by_cycle: bool = False

    def points(
        self, settings: Settings, training: TrainingSettings, values: Sequence[str]
    ) -> list[Point]:
        """Return the trainings of these values, or of the default ones, each with its own name.

        Raises:
            UserError: there are none, or one of them is not possible.
        """
        values = list(dict.fromkeys(values or self.values))
        if not values:
            raise UserError(f"which values of {self.axis}? Give them: --values A,B")
        points = [self.vary(settings, training, value) for value in values]
        shown = Counter(point.value for point in points)
        # Two files of different folders may have the same name.
        return [
            point if shown[point.value] == 1 else replace(point, value=value)
            for point, value in zip(points, values, strict=True)
        ]


def number(value: str, what: str) -> int:
    """Read a number above 0.

    Raises:
        UserError: it is not one.
    """
    if not value.isdecimal() or not int(value):
        raise UserError(f"{what} {value!r}: a number above 0 is expected")
    return int(value)
