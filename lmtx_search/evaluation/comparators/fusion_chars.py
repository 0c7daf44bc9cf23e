"""TF-IDF of character 4-grams and the untrained encoder, fused by rank."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.fusion import Fusion

COMPARATOR = Fusion("fusion-chars", "characters")
