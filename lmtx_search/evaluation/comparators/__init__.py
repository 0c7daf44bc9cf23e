"""The systems that a tagger is compared with: one comparator a file, imported on demand."""

from __future__ import annotations

from importlib import import_module

from lmtx_search.errors import find_named
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext

__all__ = [
    "COMPARATORS",
    "DEFAULT",
    "WITH_A_JUDGE",
    "WITH_GOLD",
    "Comparator",
    "ComparatorResult",
    "ComparisonContext",
    "open_comparator",
]

# Descriptions by name; each module has the same name, with an underscore for each hyphen.
COMPARATORS = {
    "bm25": "OpenSearch's BM25 of the document against the labels",
    "tfidf": "TF-IDF of words and word pairs, plurals folded",
    "tfidf-chars": "TF-IDF of character 4-grams",
    "frozen": "the encoder before training",
    "centered": "the encoder before training, documents centered if some labels are hubs",
    "fusion": "centered and tfidf, fused by rank",
    "fusion-chars": "centered and tfidf-chars, fused by rank",
    "frozen-words": "centered, plus evidence from words with fixed weights",
    "maclr": "title as the label of its text, then self-training (MACLR's idea)",
    "rts": "random segments of a text as its labels (RTS's idea)",
    "control": "self-training on the encoder's own first label: no judge",
    "control-all": "control with all training documents, for ten minutes at most",
    "named": "trained on documents that name a label: no judge",
    "named-words": "named, plus evidence from words",
    "unjudged": "the whole training of lmtx without the judge",
    "ceiling": "trained on the gold tags in the encoder's shortlist: a perfect judge",
    "icxml": "the judge re-ranks the shortlist of each document (ICXML's idea)",
    "lmtx": "a training run",
}

WITH_A_JUDGE = ("icxml", "lmtx")
"""Comparators that use answers of an LLM."""

WITH_GOLD = ("ceiling",)
"""Comparators that use gold tags."""

ONLY_IF_NAMED = ("control-all",)
"""Comparators that take so long that they run only if they are named."""

DEFAULT = tuple(name for name in COMPARATORS if name not in ONLY_IF_NAMED)
"""Comparators that run if none is named."""


def open_comparator(name: str) -> Comparator:
    """Return the comparator of that name.

    Raises:
        UserError: there is none. The message lists the existing ones.
    """
    find_named("comparator", COMPARATORS, name)
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    comparator = module.COMPARATOR
    assert isinstance(comparator, Comparator)
    return comparator
