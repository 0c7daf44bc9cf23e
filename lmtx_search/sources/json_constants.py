"""``NaN`` and ``Infinity``, which are not JSON but which Python writes into it."""

from __future__ import annotations

import json
import re
from typing import Any

# Those inside of a text are a part of it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)


class _Constant(float):
    """A value that was read from such a constant, to be found again."""


def load_json(text: str) -> Any:
    """Return the value of JSON; constants can be found by :class:`Constants`.

    Raises:
        ValueError, RecursionError: as ``json.loads``.
    """
    return json.loads(text, parse_constant=_Constant)


class Constants:
    """Finds the lines of constants in the records of a list.

    Args:
        data: the text of the list, as :func:`load_json` has read it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        there = b"NaN" in data or b"Infinity" in data
        self._places = [one.start(1) for one in _TOKEN.finditer(data) if one[1]] if there else []
        self._seen = 0

    def lines_before(self, record: object) -> int | None:
        """Return how many lines stand before the first constant of a record (None: it has none).

        Each record is asked about once, in the order of the list.
        """
        count = _count(record) if self._seen < len(self._places) else 0
        if not count:
            return None
        place = self._places[self._seen]
        self._seen += count
        return self._data.count(b"\n", 0, place)


def _count(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else isinstance(value, _Constant)
