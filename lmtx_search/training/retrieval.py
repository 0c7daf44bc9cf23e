"""Strategies that find the labels of a shortlist, by name.

``dense`` takes the labels nearest to a document. ``hybrid`` also takes those that the document
names, and fuses both rankings (``cluster/labels/shortlists.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lmtx_search.training.shortlist import CountWords
from lmtx_search.words.names import DocumentWords


def _dense(sample: Iterable[str], most: int) -> CountWords | None:
    return None


RETRIEVALS: dict[str, Callable[[Iterable[str], int], CountWords | None]] = {
    "hybrid": DocumentWords,
    "dense": _dense,
}
"""Each is given texts of the collection, and how many words of a document are read at most; it
returns what counts the words of a document (None: words do not matter)."""
