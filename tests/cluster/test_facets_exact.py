"""Counts of tags are exact on several shards: those of the same documents in Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch, helpers

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.facets.cooccurrence import together
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.facets.over_time import over_time
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import load_settings
from tests.conftest import flags_of
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

SHARDS = 5


def even(seed: int = 0) -> list[dict[str, Any]]:
    """8,000 documents of three among 1,500 tags each, all about equally frequent."""
    draw = random.Random(seed)
    tags = [f"tag {n:04}" for n in range(1500)]
    return [{"tags": draw.sample(tags, 3), "date": f"2024-{1 + n % 12:02}-10"} for n in range(8000)]


def skewed() -> list[dict[str, Any]]:
    """Each of eight routings has tags of its own; some tags are second everywhere."""
    documents = []
    for part in range(8):
        own = [f"part {part} tag {n}" for n in range(1200)]
        for n in range(1200):
            tags = [own[n], own[n // 2], f"common {n % 400}"]
            documents.append({"tags": sorted(set(tags)), "routing": str(part)})
    return documents


@pytest.fixture(scope="module")
def client(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> OpenSearch:
    flags = flags_of(servers, tmp_path_factory.mktemp("exact"))
    settings = load_settings(flags=flags)
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    for index, documents in (("even", even()), ("skewed", skewed())):
        client.indices.create(
            index=index,
            body={
                "settings": {"number_of_shards": SHARDS, "number_of_replicas": 0},
                "mappings": {"properties": {"tags": {"type": "keyword"}, "date": {"type": "date"}}},
            },
        )
        actions = [
            {"_index": index, "_id": str(n), "_source": document}
            | ({"routing": document.pop("routing")} if "routing" in document else {})
            for n, document in enumerate(documents)
        ]
        helpers.bulk(client, actions, refresh=True)
    return client


@contextmanager
def most_buckets(client: OpenSearch, number: int) -> Iterator[None]:
    """Let the cluster count at most so many groups in a request."""

    def put(value: int | None) -> None:
        client.cluster.put_settings(body={"transient": {"search.max_buckets": value}})

    put(number)
    try:
        yield
    finally:
        put(None)


def expected(documents: list[dict[str, Any]], size: int) -> list[tuple[str, int]]:
    counts = Counter(tag for document in documents for tag in document["tags"])
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size]


@pytest.mark.parametrize("size", [5, 20, 1000])
def test_the_most_frequent_of_many_equal_tags_are_exact(client: OpenSearch, size: int) -> None:
    found = facets(client, "even", size=size)
    assert found.tags == expected(even(), size)
    assert found.other == 3 * 8000 - sum(count for _, count in found.tags)


@pytest.mark.parametrize("size", [5, 20])
def test_skewed_routing_does_not_hide_a_tag(client: OpenSearch, size: int) -> None:
    assert facets(client, "skewed", size=size).tags == expected(skewed(), size)


def test_each_period_has_its_own_exact_counts(client: OpenSearch) -> None:
    months = over_time(client, "even", "month", "date", size=5)
    assert len(months) == 12
    for month in months:
        documents = [one for one in even() if one["date"].startswith(month.start[:7])]
        assert (month.documents, list(month.tags)) == (len(documents), expected(documents, 5))


def test_tags_that_occur_together_have_exact_counts(client: OpenSearch) -> None:
    pairs = Counter(pair for one in skewed() for pair in combinations(sorted(one["tags"]), 2))
    singles = Counter(tag for one in skewed() for tag in one["tags"])
    groups = together(client, "skewed", size=10)
    assert [(one.tags[0], one.documents) for one in groups] == expected(skewed(), 10)
    found = [(one.tags[0], companion) for one in groups for companion in one.companions]
    assert found
    for tag, companion in found:
        count = pairs[tuple(sorted((tag, companion.tag)))]
        share = count / singles[tag] / (singles[companion.tag] / len(skewed()))
        assert (companion.count, companion.times) == (count, pytest.approx(share, abs=0.01))


def test_broader_labels_count_every_narrower_tag(client: OpenSearch) -> None:
    labels = [Label("all", "everything")]
    labels += [Label(f"t{n}", f"tag {n:04}", broader=("all",)) for n in range(1500)]
    vectors = np.ones((len(labels), 384), dtype=np.float32)
    LabelIndex(client).load(labels, lambda some: vectors[: len(some)], "0" * 64, 384)
    found = facets(client, "even", size=6, roll_up=True)
    assert found.tags == [("everything", 8000), *expected(even(), 5)]


def test_more_groups_than_the_cluster_counts_at_once_are_counted_in_parts(
    client: OpenSearch,
) -> None:
    months = over_time(client, "even", "month", "date", size=3)
    groups = together(client, "even", size=40)
    with most_buckets(client, 2500):
        assert over_time(client, "even", "month", "date", size=3) == months
        assert together(client, "even", size=40) == groups


def test_too_many_groups_is_one_clear_line(client: OpenSearch) -> None:
    with most_buckets(client, 5):
        for count in (
            lambda: over_time(client, "even", "month", "date"),
            lambda: together(client, "even"),
        ):
            with pytest.raises(UserError, match=r"search\.max_buckets"), clear_errors():
                count()
