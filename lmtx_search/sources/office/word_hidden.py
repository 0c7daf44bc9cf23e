"""Text of Word files that is hidden, by its own formatting or by a style."""

from __future__ import annotations

from typing import Any

from lmtx_search.sources.office.inherited import inherited

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The namespace of Word's elements."""
_FALSE = ("0", "false", "off")


class HiddenStyles:
    """Whether the styles of a file hide text.

    Args:
        roots: the root elements of its parts with styles.
    """

    def __init__(self, roots: list[Any]) -> None:
        self._own: dict[str, bool | None] = {}
        self._above: dict[str, str] = {}
        self._default, self._everything = "", False
        for root in roots:
            for style in root.iter(f"{W}style"):
                id_ = style.get(f"{W}styleId", "")
                self._own[id_] = _vanishes(style)
                self._above[id_] = _value(style.find(f"{W}basedOn"))
                is_default = style.get(f"{W}default", "0") not in _FALSE
                if is_default and style.get(f"{W}type") == "paragraph":
                    self._default = id_
            for defaults in root.iter(f"{W}rPrDefault"):
                self._everything = self._everything or bool(_vanishes(defaults))

    def hide(self, run: Any) -> bool:
        """Return whether Word hides a run."""
        own = _vanishes(run)
        if own is not None:
            return own
        paragraph = next(run.iterancestors(f"{W}p"), None)
        named = None if paragraph is None else paragraph.find(f"{W}pPr/{W}pStyle")
        of_paragraph = self._hides(_value(named) or self._default)
        # A style of characters turns off what the style of the paragraph turns on.
        of_run = self._hides(_value(run.find(f"{W}rPr/{W}rStyle")))
        return self._everything or of_paragraph != of_run

    def _hides(self, style: str) -> bool:
        return inherited(style, self._own, self._above) is True


def remove_hidden(root: Any, styles: HiddenStyles) -> int:
    """Remove the runs that Word does not display; return how many of them hold text."""
    count, removed = 0, set[Any]()
    for run in list(root.iter(f"{W}r")):
        if not removed.isdisjoint(run.iterancestors()) or not styles.hide(run):
            continue
        removed.add(run)
        count += any(text.text for text in run.iter(f"{W}t"))
        run.getparent().remove(run)
    return count


def _vanishes(element: Any) -> bool | None:
    """Return what the formatting of a run or a style says (None: nothing)."""
    mark = element.find(f"{W}rPr/{W}vanish")
    return None if mark is None else mark.get(f"{W}val") not in _FALSE


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(f"{W}val", ""))
