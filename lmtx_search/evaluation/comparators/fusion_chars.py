"""TF-IDF of character 4-grams and the untrained encoder, fused by rank."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.fusion import Fusion
from lmtx_search.evaluation.comparators.tfidf_scores import CHARACTERS

COMPARATOR = Fusion("fusion-chars", CHARACTERS)
