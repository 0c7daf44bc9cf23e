"""OpenSearch's own BM25 of a document against the labels: what any tagger has to beat."""

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

# OpenSearch takes 1,024 clauses a query, one for each word and field; its tokenizer may split some
# of our words in two.
_TERMS = 400
_FIELDS = ("text", "all")
_SEARCHES = 100
# Ideographs and kana are terms of their own for the `standard` analyzer.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def rank_bm25(
    client: OpenSearch, texts: Sequence[str], k: int, index: str = names.LABELS
) -> list[list[tuple[str, float]]]:
    """Return for each text its k best labels: (label id, BM25 score), best first.

    The document is the query: its first 400 different words, a word that comes n times counted n
    times, without English stop words. It is matched against two fields, and the scores added: the
    label's text, and all of the label (text, description and synonyms). Of the forms tried on
    Debian packages against debtags (text alone, all alone, most, best and cross fields,
    more-like-this, with and without stop words and counts) this one scored best.
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
    """Return the query of a document: a ``match`` a field for all words that come equally often.

    A plain ``match`` of a long text has a clause for every word, repeated ones too, and fails
    beyond 1,024. Grouped by count and boosted by it, the score is the same.
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
    """Count the first different words; a word is looked for in the whole text."""
    counts: dict[str, int] = {}
    for word in words:
        if word in counts or len(counts) < _TERMS:
            counts[word] = counts.get(word, 0) + 1
    return counts
