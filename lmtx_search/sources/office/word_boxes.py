"""Text boxes of Word files, in a form that mammoth reads."""

from __future__ import annotations

from typing import Any

from lmtx_search.sources.office.word_hidden import W

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_BOX = f"{W}txbxContent"


def rewrite_boxes(root: Any) -> None:
    """Write text boxes as those of older versions of Word, unless the file has both forms.

    Of alternative content, mammoth reads the fallback for older versions, and of drawings the
    pictures.
    """
    from lxml import etree

    for alternatives in list(root.iter(f"{_MC}AlternateContent")):
        choice, fallback = (alternatives.find(f"{_MC}{name}") for name in ("Choice", "Fallback"))
        if choice is not None and _has_text(choice) and not _has_text(fallback):
            parent, place = alternatives.getparent(), alternatives.getparent().index(alternatives)
            parent[place : place + 1] = list(choice)
    for drawing in list(root.iter(f"{W}drawing")):
        boxes = list(drawing.iter(_BOX))
        if boxes and next(drawing.iterancestors(f"{_MC}Choice"), None) is None:
            box = etree.Element(f"{W}pict")
            box.extend(one for one in boxes if next(one.iterancestors(_BOX), None) is None)
            drawing.getparent().replace(drawing, box)


def _has_text(element: Any) -> bool:
    return element is not None and any(text.text for text in element.iter(f"{W}t"))
