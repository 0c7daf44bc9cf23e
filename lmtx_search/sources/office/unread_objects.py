"""What Office files show as objects and no reader reads: SmartArt, charts and embedded files."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lmtx_search.sources.office.archive import local_name

DIAGRAMS = "SmartArt diagrams"
CHARTS = "charts"
EMBEDDED = "embedded objects"
# By the last word of the address that tells the kind; there are two editions of these addresses.
_KINDS = {"diagram": DIAGRAMS, "chart": CHARTS, "chartex": CHARTS, "ole": EMBEDDED}
# A second form of the same content for older versions, and text that was deleted.
_NOT_SHOWN = ("Fallback", "del", "moveFrom")


def unread_objects(element: Any) -> Counter[str]:
    """Return the number of objects inside an element, by what they are counted as."""
    return Counter(
        kind
        for one in element.iter()
        if (kind := _kind(one))
        and not any(local_name(above) in _NOT_SHOWN for above in one.iterancestors())
    )


def _kind(element: Any) -> str:
    name = local_name(element)
    if name == "graphicData":
        return _KINDS.get(element.get("uri", "").rpartition("/")[2], "")
    return EMBEDDED if name == "OLEObject" else ""
