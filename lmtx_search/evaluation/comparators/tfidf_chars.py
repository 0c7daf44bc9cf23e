"""TF-IDF of character 4-grams, for languages whose words have many forms or no blanks."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.tfidf import TfIdf

COMPARATOR = TfIdf("tfidf-chars", "characters")
