"""What a style of an office file says, itself or by the styles that it is based on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Style = TypeVar("Style", str, tuple[str, str])


def inherited(
    style: Style, own: Mapping[Style, bool | None], above: Mapping[Style, Style]
) -> bool | None:
    """Return what the first style says that says something (None: none does).

    Args:
        own: what each style says itself (None: nothing).
        above: the style that each one is based on. A damaged file may have a circle of them.
    """
    seen = set[Style]()
    while style in own and style not in seen:
        seen.add(style)
        if (said := own[style]) is not None:
            return said
        style = above[style]
    return None
