"""What is tagged in indices that come after an attach, by a real tagger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.cluster.documents import bulk
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.settings import Settings
from lmtx_search.tagging.retagging import Wish, carry_out, plan
from lmtx_search.ui.app import create_app
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
    body = {"title": "plays chess", "@timestamp": "2026-01-01T00:00:00Z"}
    params = {"refresh": "true", "op_type": "create"}
    made = client.index(index=index, body=body, params=params)
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


@pytest.fixture(params=["alias", "data stream"])
def two_indices(cluster: Any, request: pytest.FixtureRequest) -> str:
    """A name that stands for two indices, with a document in each that is not tagged yet."""
    if request.param == "alias":
        body = {"mappings": MAPPINGS, "aliases": {"news": {"is_write_index": True}}}
        cluster.indices.create(index="news-000001", body=body)
    else:
        body = {"index_patterns": ["news"], "data_stream": {}, "template": {"mappings": MAPPINGS}}
        cluster.indices.put_index_template(name="streams", body=body)
        cluster.indices.create_data_stream(name="news")
    for title in ("plays chess", "shows pages of the web"):
        document = {"title": title, "@timestamp": "2026-01-01T00:00:00Z"}
        cluster.index(index="news", body=document, params={"op_type": "create", "refresh": "true"})
        if title == "plays chess":
            cluster.indices.rollover(alias="news")
    return "news"


def test_retag_facets_and_the_page_take_an_alias_and_a_data_stream(
    cluster: Any, settings: Settings, lmtx: Run, two_indices: str
) -> None:
    deployed(cluster, settings)
    attach(cluster, plan_attach(cluster, two_indices, ["title"]))
    reports = carry_out(cluster, settings, plan(cluster, settings, two_indices, Wish()))
    assert [report.tagged for report in reports.values()] == [1, 1]
    # The write index tags: nothing else is left to be done.
    assert "Chess" in tags(cluster, two_indices)
    again = carry_out(cluster, settings, plan(cluster, settings, two_indices, Wish()))
    assert [report.documents for report in again.values()] == [0, 0]

    shown = lmtx("facets", "--index", two_indices, "--json")
    assert shown.returncode == 0, shown.stderr
    counts = {one["tag"]: one["count"] for one in json.loads(shown.stdout)["tags"]}
    assert (counts["Chess"], counts["Web browser"]) == (2, 1)

    page = TestClient(create_app(settings, two_indices), base_url="http://127.0.0.1:1")
    found = page.get("/api/documents", params={"tag": "Chess"}).json()
    assert found["documents"] == len(found["found"]) == 2
    body = {"tag": "Chess", "decision": "reject", "documents": [found["found"][0]["place"]]}
    (told,) = page.post("/api/decisions", json=body).json()["results"]
    assert told["problem"] is None


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
