"""OpenSearch's own BM25 of a document against the labels: the baseline for every tagger."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import patiently
from lmtx_search.errors import LmtxError

# OpenSearch accepts 1,024 clauses in a query, one for each word and field. Its tokenizer may split
# some of our words in two.
_TERMS = 400
_FIELDS = ("text", "all")
_SEARCHES = 100
# The `standard` analyzer makes a term of each ideograph and kana.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def rank_bm25(
    client: OpenSearch, texts: Sequence[str], k: int, index: str = names.LABELS
) -> list[list[tuple[str, float]]]:
    """Return for each text its k best labels: (label id, BM25 score), best first.

    The document is the query: its first 400 different words without English stop words. A word that
    occurs n times counts n times. The query is matched against two fields, and the scores are
    added: the label's text, and the whole label (text, description and synonyms). This form scored
    best of those tried on Debian packages against debtags (text alone, whole label alone, most,
    best and cross fields, more-like-this, with and without stop words and counts).
    """
    rankings: list[list[tuple[str, float]]] = []
    rest = iter(texts)
    while batch := list(islice(rest, _SEARCHES)):
        lines: list[dict[str, Any]] = []
        for text in batch:
            lines += [{}, {"size": k, "_source": False, "query": bm25_query(text)}]
        answer = patiently(client.msearch, body=lines, index=index)
        for response in answer["responses"]:
            if "error" in response:
                raise LmtxError(f"cannot search {index}: {response['error'].get('reason')}")
            hits = response["hits"]["hits"]
            rankings.append([(hit["_id"], float(hit["_score"])) for hit in hits])
    return rankings


def bm25_query(text: str) -> dict[str, Any]:
    """Return a document's query: for each field and word count, one ``match`` of these words.

    A plain ``match`` of a long text has a clause for every word, including repeated ones, and fails
    beyond 1,024. Words that are grouped by their count and boosted by it give the same score.
    """
    by_count: dict[int, list[str]] = defaultdict(list)
    for word, count in _counts(_WORD.findall(text.lower())).items():
        by_count[count].append(word)
    clauses = [
        {"match": {field: {"query": " ".join(words), "boost": float(count)}}}
        for count, words in sorted(by_count.items())
        for field in _FIELDS
    ]
    return {"bool": {"should": clauses}} if clauses else {"match_none": {}}


def _counts(words: Iterable[str]) -> dict[str, int]:
    """Count the first different words, each in the whole text."""
    counts: dict[str, int] = {}
    for word in words:
        if word in counts or len(counts) < _TERMS:
            counts[word] = counts.get(word, 0) + 1
    return counts
