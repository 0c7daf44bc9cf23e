"""Measures the cost of exact counts of tags: a plain terms aggregation and `facets` in turn.

Uses the cluster of the settings. The benchmark creates its own index and deletes it at the end.

    python bench/facets.py --documents 200000 --labels 100000 --shards 5
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from opensearchpy import OpenSearch, helpers

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.settings import load_settings

INDEX = "bench-facets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--shards", type=int, default=5)
    parser.add_argument("--size", type=int, default=20, help="of the facet")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`")
    arguments = parser.parse_args()

    settings = load_settings(flags={"data_dir": arguments.data_dir})
    client = connect(settings.opensearch)
    for name, weights in (("zipf", _zipf(arguments.labels)), ("even", None)):
        truth = _fill(client, arguments, weights)
        exact = truth.most_common()
        plain, ours = _timed(
            arguments.rounds,
            lambda: _plain(client, arguments.size),
            lambda: facets(client, INDEX, size=arguments.size).tags,
        )
        wrong = sum(truth[tag] != count for tag, count in plain.answer)
        least = exact[arguments.size - 1][1]
        missing = sum(count < least for count in (truth[tag] for tag, _ in plain.answer))
        assert [count for _, count in ours.answer] == [n for _, n in exact[: arguments.size]]
        print(
            f"{name}: plain {plain.seconds * 1000:.0f} ms, {wrong} of {arguments.size} counts "
            f"wrong, {missing} tags that do not belong there; exact {ours.seconds * 1000:.0f} ms, "
            f"ratio {ours.seconds / plain.seconds:.1f}"
        )
    client.indices.delete(index=INDEX)


class Timed:
    """The median time of some calls, and the last answer."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.answer: Any = None

    @property
    def seconds(self) -> float:
        return median(self.times)


def _timed(rounds: int, *calls: Callable[[], Any]) -> list[Timed]:
    found = [Timed() for _ in calls]
    for number in range(rounds + 2):  # two to warm up
        for call, timed in zip(calls, found, strict=True):
            started = time.perf_counter()
            timed.answer = call()
            if number > 1:
                timed.times.append(time.perf_counter() - started)
    return found


def _plain(client: OpenSearch, size: int) -> list[tuple[str, int]]:
    # A filter on all documents prevents caching, as the hits of `facets` do.
    body = {"size": 0, "aggs": {"tags": {"terms": {"field": "tags", "size": size}}}}
    answer = client.search(index=INDEX, body=body, params={"request_cache": "false"})
    return [(b["key"], b["doc_count"]) for b in answer["aggregations"]["tags"]["buckets"]]


def _zipf(labels: int) -> list[float]:
    """Cumulative weights of labels, with frequencies that fall with the rank."""
    return list(accumulate(1 / (rank + 1) ** 0.8 for rank in range(labels)))


def _fill(
    client: OpenSearch, arguments: argparse.Namespace, weights: list[float] | None
) -> Counter[str]:
    client.indices.delete(index=INDEX, params={"ignore_unavailable": "true"})
    mappings = {"properties": {"tags": {"type": "keyword"}}}
    settings = {"number_of_shards": arguments.shards, "number_of_replicas": 0}
    client.indices.create(index=INDEX, body={"mappings": mappings, "settings": settings})
    draw = random.Random(0)
    names = [f"label {n:06}" for n in range(arguments.labels)]
    truth: Counter[str] = Counter()

    def actions() -> Iterator[dict[str, Any]]:
        for _ in range(arguments.documents):
            tags = list(dict.fromkeys(draw.choices(names, cum_weights=weights, k=3)))
            truth.update(tags)
            yield {"_index": INDEX, "_source": {"tags": tags}}

    helpers.bulk(client, actions(), chunk_size=5000)
    client.indices.forcemerge(index=INDEX, params={"max_num_segments": 1})
    client.indices.refresh(index=INDEX)
    return truth


if __name__ == "__main__":
    main()
