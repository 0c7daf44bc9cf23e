"""What is tagged in indices that come after an attach, by a real tagger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lmtx_search.cluster.documents import bulk
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.settings import Settings
from lmtx_search.tagging.retagging import Wish, carry_out, plan
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed
from tests.support.tagger_service import running

pytestmark = pytest.mark.integration

MAPPINGS = {"properties": {"title": {"type": "text"}}}


@pytest.fixture
def cluster(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> Iterator[Any]:
    bootstrap(client, settings, lmtx)
    with running(environment):
        yield client


def tags(client: Any, index: str) -> list[str]:
    body = {"title": "plays chess"}
    made = client.index(index=index, body=body, params={"refresh": "true"})
    source = client.get(index=made["_index"], id=made["_id"])["_source"]
    assert source["tagging"]["status"] == "tagged", source
    return list(source["tags"])


def test_a_rolled_over_index_reads_the_aliass_fields_before_and_after_a_deployment(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    body = {"mappings": MAPPINGS, "aliases": {"news": {"is_write_index": True}}}
    cluster.indices.create(index="news-000001", body=body)
    attach(cluster, plan_attach(cluster, "news", ["title"]))
    deployed(cluster, settings)
    cluster.indices.rollover(alias="news")
    assert "Chess" in tags(cluster, "news")
    assert "Chess" in tags(cluster, "news-000002")
    shown = lmtx("facets", "--index", "news")
    assert "Chess" in shown.stdout, shown.stderr


def test_documents_of_one_id_under_two_routings_are_tagged_again(
    cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK_ITEMS", 3)
    shards = {"index": {"number_of_shards": 5, "number_of_replicas": 0}}
    cluster.indices.create(index="routed", body={"settings": shards, "mappings": MAPPINGS})
    for number in range(5):
        for routing in ("berlin", "oslo", "rome"):
            cluster.index(
                index="routed", id=str(number), body={"title": "chess"}, params={"routing": routing}
            )
    cluster.indices.refresh(index="routed")
    there = cluster.count(index="routed")["count"]
    deployed(cluster, settings)
    attach(cluster, plan_attach(cluster, "routed", ["title"]))
    made = plan(cluster, settings, "routed", Wish())
    report = carry_out(cluster, settings, made)["routed"]
    assert report.documents == report.tagged == there
    untagged = {"query": {"bool": {"must_not": {"term": {"tagging.status": "tagged"}}}}}
    assert cluster.count(index="routed", body=untagged)["count"] == 0
