"""What OpenDocument files hide: sections, slides, and text by its style."""

from __future__ import annotations

from typing import Any

from lmtx_search.sources.office.archive import local_name
from lmtx_search.sources.office.inherited import inherited

_NAME = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_STYLE, _TEXT, _DRAW = _NAME % "style", _NAME % "text", _NAME % "drawing"
_OFFICE, _PRESENTATION = _NAME % "office", _NAME % "presentation"
_DISPLAY, _VISIBILITY = f"{_TEXT}display", f"{_PRESENTATION}visibility"
# The family of the styles of each kind of element.
_FAMILIES = {"span": "text", "p": "paragraph", "h": "paragraph", "page": "drawing-page"}


class HiddenStyles:
    """Whether the styles of a file hide text or slides.

    Args:
        content: the root element of ``content.xml``.
        common: that of ``styles.xml``, on whose styles those of the content are based (None: the
            file has none).
    """

    def __init__(self, content: Any, common: Any) -> None:
        self._own: dict[tuple[str, str], bool | None] = {}
        self._above: dict[tuple[str, str], tuple[str, str]] = {}
        # Automatic styles of styles.xml are for headers and footers.
        shared = [] if common is None else common.iter(f"{_OFFICE}styles")
        for root in (*shared, content):
            for style in root.iter(f"{_STYLE}style"):
                family = style.get(f"{_STYLE}family", "")
                key = (family, style.get(f"{_STYLE}name", ""))
                self._own[key] = _hides(style)
                self._above[key] = (family, style.get(f"{_STYLE}parent-style-name", ""))

    def hide(self, element: Any) -> bool:
        """Return whether the style of a span, a paragraph, a heading or a slide hides it."""
        return self._says(element) is True

    def display(self, element: Any) -> bool:
        """Return whether an element is a span whose style displays it, also in hidden text."""
        return local_name(element) == "span" and self._says(element) is False

    def _says(self, element: Any) -> bool | None:
        space = _DRAW if local_name(element) == "page" else _TEXT
        key = (_FAMILIES[local_name(element)], element.get(f"{space}style-name", ""))
        return inherited(key, self._own, self._above)


def remove_hidden(root: Any, styles: HiddenStyles) -> dict[str, int]:
    """Remove what is not displayed; return how many pieces of each kind it was."""
    sections = [
        one
        for one in root.iter(f"{_TEXT}section")
        if one.get(_DISPLAY) == "none" or _is_hidden(one)
    ]
    pages = list(filter(styles.hide, root.iter(f"{_DRAW}page")))
    for one in (*sections, *pages):
        one.clear(keep_tail=True)
    texts = root.iter(*(f"{_TEXT}{name}" for name in ("span", "p", "h")))
    by_style = list(filter(styles.hide, texts))
    # The field of a hidden paragraph is inside it.
    fields = filter(_is_hidden, root.iter(f"{_TEXT}hidden-text", f"{_TEXT}hidden-paragraph"))
    pieces = [one if local_name(one) == "hidden-text" else one.getparent() for one in fields]
    pieces = [one for one in pieces if _text(one).strip()]
    for piece in pieces:
        piece.clear(keep_tail=True)
    for element in by_style:
        before = _text(element)
        _keep_displayed(element, styles)
        if before.strip() and _text(element) != before:
            pieces.append(element)
    return {
        "hidden sections": len(sections),
        "hidden slides": len(pages),
        "hidden pieces of text": len(pieces),
    }


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _keep_displayed(element: Any, styles: HiddenStyles) -> None:
    """Remove the content of a hidden element but for the spans that are displayed."""
    element.text = None
    for child in list(element):
        if any(map(styles.display, child.iter())):
            child.tail = None
            if not styles.display(child):
                _keep_displayed(child, styles)
        else:
            element.remove(child)


def _is_hidden(element: Any) -> bool:
    """Return whether the condition of an element hides it, as the program that wrote it found."""
    return str(element.get(f"{_TEXT}is-hidden")) == "true"


def _hides(style: Any) -> bool | None:
    """Return what a style says itself (None: nothing)."""
    for properties in style:
        if (said := properties.get(_DISPLAY) or properties.get(_VISIBILITY)) is not None:
            return said in ("none", "hidden")
    return None
