"""The systems that a tagger is compared with: one comparator a file, imported on demand."""

from __future__ import annotations

from importlib import import_module

from lmtx_search.errors import find_named
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext

__all__ = ["COMPARATORS", "Comparator", "ComparatorResult", "ComparisonContext", "open_comparator"]

# Descriptions by name; each module has the same name.
COMPARATORS = {
    "bm25": "OpenSearch's BM25 of the document against the labels",
    "tfidf": "TF-IDF cosine of document and label",
    "frozen": "the encoder before training",
    "maclr": "title as the label of its text, then self-training (MACLR's idea)",
    "rts": "random segments of a text as its labels (RTS's idea)",
    "control": "self-training on the encoder's own first label: no judge",
    "ceiling": "trained on the gold tags in the encoder's shortlist: a perfect judge",
    "icxml": "the judge re-ranks the shortlist of each document (ICXML's idea)",
    "lmtx": "a training run",
}


def open_comparator(name: str) -> Comparator:
    """Return the comparator of that name.

    Raises:
        UserError: there is none. The message lists the existing ones.
    """
    find_named("comparator", COMPARATORS, name)
    module = import_module(f"{__name__}.{name}")
    comparator = module.COMPARATOR
    assert isinstance(comparator, Comparator)
    return comparator
