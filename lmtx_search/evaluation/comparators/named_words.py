"""The encoder that documents which name a label taught, with evidence from words beside it."""

from __future__ import annotations

from lmtx_search.evaluation.comparators.named import Named

COMPARATOR = Named("named-words", with_words=True)
