"""``NaN`` and ``Infinity``, which are not JSON but which Python writes into it."""

from __future__ import annotations

import json
import re
from typing import Any

# Those inside of a text are a part of it.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)


class ConstantError(Exception):
    """A value that is needed is such a constant.

    Attributes:
        line: the line of the constant.
    """

    def __init__(self, line: int) -> None:
        super().__init__("NaN or Infinity, which is not JSON")
        self.line = line


class Constant(float):
    """A value that was read from such a constant, with its line."""

    line: int

    def __str__(self) -> str:
        # Readers make texts of values of any type, and "nan" is no text of a document.
        raise ConstantError(self.line)


def load_json(text: str, first: int = 1) -> Any:
    """Return the value of JSON, in which each such constant is a :class:`Constant`.

    Args:
        first: the line on which the text begins.

    Raises:
        ValueError, RecursionError: as ``json.loads``.
    """
    places = (found.start(1) for found in _TOKEN.finditer(text) if found[1])
    last, line = 0, first

    # Called for every constant in the order of the text, also for those that are not kept.
    def constant(name: str) -> Constant:
        nonlocal last, line
        place = next(places)
        line += text.count("\n", last, place)
        last, value = place, Constant(name)
        value.line = line
        return value

    return json.loads(text, parse_constant=constant)


def refuse_constants(value: object) -> None:
    """Raise :class:`ConstantError` for the first constant inside a value."""
    if isinstance(value, Constant):
        raise ConstantError(value.line)
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            refuse_constants(one)
