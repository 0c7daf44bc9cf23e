"""Searches in the label index for the labels of documents: the nearest, and those that are named.

A document names a label if it has all words of the label's text or of one of its synonyms. Labels
that share only some words with a document are left out: in shortlists of 300 documents of seven
collections they displaced more right labels than they added (bench/shortlists.py). Named labels are
ranked by BM25 over the words of their names, and neural-search fuses both rankings (reciprocal rank
fusion: Cormack, Clarke, Buettcher, SIGIR 2009). A document that names nothing gets its nearest
labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.labels.codec import Vectors, rounded
from lmtx_search.errors import LmtxError
from lmtx_search.index_templates import load
from lmtx_search.words.names import WordCounts

Ranking = list[tuple[str, float]]

_SEARCHES = 128
# HNSW is as good as the candidates it keeps: never fewer than these, however few are wanted. They
# are also how many labels of each ranking are fused.
_CANDIDATES = 128
# A word is a clause twice, and OpenSearch takes 1,024 clauses a query.
_WORDS = 500


def find_nearest(client: OpenSearch, index: str, vectors: Vectors, k: int) -> list[Ranking]:
    """Return for each of float32[n, dimension] its k nearest labels: (id, cosine), best first.

    Raises:
        LmtxError: a search failed.
    """
    bodies = [_nearest(vector, k) for vector in vectors]
    return [[(id_, _cosine(score)) for id_, score in hits] for hits in _all(client, index, bodies)]


def find_nearest_and_named(
    client: OpenSearch, index: str, vectors: Vectors, words: Sequence[WordCounts], k: int
) -> list[Ranking]:
    """Return for each document its k best labels by both rankings: (id, cosine), best first.

    Args:
        vectors: float32[n, dimension], of the documents.
        words: of the same documents. Of a document with more than 500, the first are searched.

    Raises:
        LmtxError: a search failed.
    """
    bodies = [_fused(vector, counts, k) for vector, counts in zip(vectors, words, strict=True)]
    found = _all(client, index, bodies)
    # The fused score is made of ranks alone.
    wanted = [
        load(
            "searches/cosines",
            size=len(hits),
            vector=rounded(vector),
            candidates=max(len(hits), _CANDIDATES),
            ids=[id_ for id_, _ in hits],
        )
        for vector, hits in zip(vectors, found, strict=True)
    ]
    rankings: list[Ranking] = []
    for hits, scores in zip(found, _all(client, index, wanted), strict=True):
        cosines = {id_: _cosine(score) for id_, score in scores}
        # A label may have been deleted between the two requests.
        there = [(score, id_) for id_, score in hits if id_ in cosines]
        there.sort(key=lambda hit: (-hit[0], -cosines[hit[1]]))
        rankings.append([(id_, cosines[id_]) for _, id_ in there])
    return rankings


def _nearest(vector: Any, k: int) -> dict[str, Any]:
    candidates = max(k, _CANDIDATES)
    return load("searches/nearest_labels", size=k, vector=rounded(vector), candidates=candidates)


def _fused(vector: Any, counts: WordCounts, k: int) -> dict[str, Any]:
    counts = dict(islice(counts.items(), _WORDS))
    by_count: dict[int, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if count:
            by_count[count].append(word)
    evidence = [
        {"match": {"names.words": {"query": " ".join(some), "boost": float(count)}}}
        for count, some in sorted(by_count.items())
    ]
    if not evidence:
        return _nearest(vector, k)
    return load(
        "searches/nearest_and_named_labels",
        size=k,
        vector=rounded(vector),
        candidates=max(k, _CANDIDATES),
        words=list(counts),
        evidence=evidence,
    )


def _all(
    client: OpenSearch, index: str, bodies: Sequence[Mapping[str, Any]]
) -> list[list[tuple[str, float]]]:
    """Return the hits of each search: (id, score), best first."""
    found: list[list[tuple[str, float]]] = []
    for start in range(0, len(bodies), _SEARCHES):
        lines: list[Mapping[str, Any]] = []
        for body in bodies[start : start + _SEARCHES]:
            lines += [{}, body]
        answer = patiently(client.msearch, body=lines, index=index)
        for response in answer["responses"]:
            if "error" in response:
                raise LmtxError(f"cannot search {index}: {_why(response['error'])}")
            hits = response["hits"]["hits"]
            found.append([(hit["_id"], float(hit["_score"])) for hit in hits])
    return found


def _cosine(score: float) -> float:
    return 2.0 * score - 1.0


def _why(error: Mapping[str, Any]) -> str:
    causes = error.get("root_cause") or [error]
    return str(causes[0].get("reason", error))
