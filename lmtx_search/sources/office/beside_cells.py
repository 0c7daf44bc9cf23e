"""What a sheet of a spreadsheet shows beside its cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class BesideCells:
    """The texts beside the cells of one sheet, and the number of its objects that are not read."""

    sheet: str
    boxes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    """Number of objects, by what they are counted as."""
