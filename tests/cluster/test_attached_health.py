"""`status` and `doctor` where indices stopped tagging, and beside the indices of others."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.health.attached import open_changes, untagging
from lmtx_search.cluster.health.overview import overview, tagged_documents
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.doctor.cluster import ClusterChecks
from lmtx_search.settings import Settings
from tests.conftest import Run

pytestmark = pytest.mark.integration

MAPPINGS = {"properties": {"title": {"type": "text"}}}


@pytest.fixture
def cluster(client: Any, lmtx: Run) -> Any:
    assert lmtx("bootstrap-index").returncode == 0
    body = {"mappings": MAPPINGS, "aliases": {"news": {"is_write_index": True}}}
    client.indices.create(index="news-000001", body=body)
    attach(client, plan_attach(client, "news", ["title"]))
    return client


def finding(settings: Settings, name: str) -> Any:
    (check,) = (one for one in ClusterChecks(settings).checks() if one.name == name)
    return check.look()


def test_an_index_behind_an_attached_alias_that_does_not_tag_is_found(
    cluster: Any, settings: Settings, lmtx: Run
) -> None:
    assert untagging(cluster, read_pipeline(cluster)) == {}
    cluster.indices.create(index="archive", body={"mappings": MAPPINGS, "aliases": {"news": {}}})
    assert untagging(cluster, read_pipeline(cluster)) == {"news": ["archive"]}
    found = finding(settings, "attached")
    assert found.status == "warn"
    assert "archive of news is attached but does not tag" in found.found
    assert "lmtx-search attach news --text-field title" in found.todo
    assert "Not tagging archive (of news)" in lmtx("status").stdout


def test_a_template_that_was_replaced_is_found_before_the_rollover(
    cluster: Any, settings: Settings
) -> None:
    assert list(open_changes(cluster, read_pipeline(cluster))) == []
    body = {"index_patterns": ["news-*"], "priority": 100}
    cluster.indices.put_index_template(name="theirs", body=body)
    found = finding(settings, "attached")
    assert found.status == "warn"
    assert "later indices of news will not tag" in found.found
    assert "theirs" in found.found


@pytest.mark.parametrize("kind", ["text", "long", "object", "keyword"])
def test_a_field_of_others_called_as_the_status_is_no_status(
    cluster: Any, settings: Settings, lmtx: Run, kind: str
) -> None:
    field = {"properties": {"x": {"type": "long"}}} if kind == "object" else {"type": kind}
    mappings = {"properties": {"tagging": {"properties": {"status": field}}}}
    cluster.indices.create(index="theirs", body={"mappings": mappings})
    value: Any = {"x": 1} if kind == "object" else 7
    cluster.index(index="theirs", body={"tagging": {"status": value}}, params={"refresh": "true"})
    assert tagged_documents(cluster) == {}
    assert finding(settings, "tagged").found == "no index holds tagged documents yet"
    cluster.index(index="news", body={"title": "x"}, params={"refresh": "true"})
    assert tagged_documents(cluster) == {"news-000001": {"untagged": 1}}
    assert overview(cluster).documents == {"news-000001": {"untagged": 1}}
    assert lmtx("taggers").returncode == 0
    assert lmtx("status").returncode == 0


def test_documents_of_a_data_stream_are_counted(cluster: Any) -> None:
    body = {
        "index_patterns": ["events"],
        "data_stream": {},
        "template": {"mappings": MAPPINGS},
    }
    cluster.indices.put_index_template(name="stream", body=body)
    cluster.indices.create_data_stream(name="events")
    attach(cluster, plan_attach(cluster, "events", ["title"]))
    document = {"title": "x", "@timestamp": "2026-01-01"}
    cluster.index(index="events", body=document, params={"op_type": "create", "refresh": "true"})
    assert tagged_documents(cluster) == {".ds-events-000001": {"untagged": 1}}


def test_a_document_with_tags_of_its_own_says_nothing_about_later_indices(cluster: Any) -> None:
    body = {"title": "x", "tags": ["embargo"], "tagging": {"status": "skipped"}}
    cluster.index(index="news", body=body, params={"refresh": "true", "pipeline": "_none"})
    assert list(open_changes(cluster, read_pipeline(cluster))) == []


def test_all_names_that_do_not_tag_are_reported(cluster: Any, settings: Settings) -> None:
    for alias in ("alpha", "beta"):
        body = {"mappings": MAPPINGS, "aliases": {alias: {"is_write_index": True}}}
        cluster.indices.create(index=f"{alias}-000001", body=body)
        attach(cluster, plan_attach(cluster, alias, ["title"]))
        body = {"mappings": MAPPINGS, "aliases": {alias: {}}}
        cluster.indices.create(index=f"{alias}-old", body=body)
    found = finding(settings, "attached")
    for alias in ("alpha", "beta"):
        assert f"{alias}-old of {alias} is attached but does not tag" in found.found
        assert f"lmtx-search attach {alias} --text-field title" in found.todo
