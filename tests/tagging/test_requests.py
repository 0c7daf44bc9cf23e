"""Which requests tag a document, and what a document says after those that do not.

Also run these with LMTX_TEST_BACKEND=embedded-2.19: the table in the README is about both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.settings import Settings
from lmtx_search.settings_sources import load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.retagging import Wish, carry_out
from lmtx_search.tagging.retagging import plan as plan_retag
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import deployed, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

CHESS = {"title": "plays chess", "text": "a board game"}
WEB = {"title": "shows pages of the web", "text": "a browser"}
MAPPING = {"properties": {"title": {"type": "text"}, "text": {"type": "text"}}}


@dataclass
class Cluster:
    """A cluster with a tagger in use and an attached index, and requests to it."""

    client: Any
    settings: Settings
    index: str = "articles"

    def bulk(self, *lines: dict[str, Any]) -> None:
        answer = self.client.bulk(body=list(lines), index=self.index, params={"refresh": "true"})
        assert not answer["errors"], answer

    def source(self, id_: str, index: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(index=index or self.index, id=id_)["_source"]
        return found

    def state(self, id_: str, index: str | None = None) -> str:
        """Return whether a document's tags belong to its text, having seen that they are whole."""
        index = index or self.index
        source = self.source(id_, index)
        tags, scores = source.get("tags") or [], scores_of(source.get("tag_scores"))
        assert list(scores) == tags, source
        tagging = source.get("tagging") or {}
        assert tags == [] or tagging["status"] == "tagged", source
        if tags:
            assert tagging["best_score"] == scores[tags[0]]
            assert tagging.get("error") is None
        self.client.indices.refresh(index=index)
        check = TextCheck(read_pipeline(self.client).text_fields(self.index), _names())
        body = {"query": {"ids": {"values": [id_]}}, "script_fields": check.script_fields()}
        (hit,) = self.client.search(index=index, body=body)["hits"]["hits"]
        return str(next(iter(hit["fields"].values()))[0])


def _names() -> Any:
    from lmtx_search.tag_fields import DEFAULT_FIELDS

    return DEFAULT_FIELDS


@pytest.fixture(scope="module")
def tagging(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Settings]]:
    folder: Path = tmp_path_factory.mktemp("requests")
    settings = load_settings(flags=flags_of(servers, folder)).settings
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings), apply_settings=True)
    load_labels(client, settings, LABELS)
    with running(environment_of(settings)):
        deployed(client, settings)
        yield client, settings


@pytest.fixture
def cluster(tagging: tuple[Any, Settings]) -> Cluster:
    client, settings = tagging
    client.indices.delete(index="articles*", params={"ignore_unavailable": "true"})
    client.indices.create(index="articles", body={"mappings": MAPPING})
    attach(client, plan_attach(client, "articles", ["title", "text"]))
    found = Cluster(client, settings)
    found.bulk({"index": {"_id": "there"}}, CHESS)
    assert (found.source("there")["tags"][0], found.state("there")) == ("Chess", "fits")
    return found


class TestWholeDocuments:
    """These requests tag what is stored."""

    def test_bulk_index_tags_new_documents_and_those_that_are_replaced(
        self, cluster: Cluster
    ) -> None:
        cluster.bulk({"index": {"_id": "there"}}, WEB, {"index": {"_id": "new"}}, CHESS)
        assert cluster.source("there")["tags"][0] == "Web browser"
        assert cluster.source("new")["tags"][0] == "Chess"
        assert {cluster.state(id_) for id_ in ("there", "new")} == {"fits"}

    def test_bulk_create_tags(self, cluster: Cluster) -> None:
        cluster.bulk({"create": {"_id": "new"}}, WEB)
        assert (cluster.source("new")["tags"][0], cluster.state("new")) == ("Web browser", "fits")

    def test_a_document_without_an_id_is_tagged(self, cluster: Cluster) -> None:
        id_ = cluster.client.index(index="articles", body=WEB)["_id"]
        assert (cluster.source(id_)["tags"][0], cluster.state(id_)) == ("Web browser", "fits")

    def test_doc_and_create_tag(self, cluster: Cluster) -> None:
        cluster.client.index(index="articles", id="there", body=WEB)
        cluster.client.create(index="articles", id="new", body=WEB)
        for id_ in ("there", "new"):
            assert (cluster.source(id_)["tags"][0], cluster.state(id_)) == ("Web browser", "fits")

    @pytest.mark.parametrize(
        "body",
        [
            {"doc": WEB},
            {"doc": WEB, "doc_as_upsert": True},
            {"script": {"source": "ctx._source.putAll(params)", "params": WEB}},
        ],
    )
    @pytest.mark.parametrize("id_", ["there", "new"])
    def test_update_tags_the_merged_document(
        self, cluster: Cluster, body: dict[str, Any], id_: str
    ) -> None:
        if id_ == "new":
            body = {**body, "upsert": WEB} if "doc_as_upsert" not in body else body
        cluster.client.update(index="articles", id=id_, body=body)
        assert (cluster.source(id_)["tags"][0], cluster.state(id_)) == ("Web browser", "fits")

    def test_update_of_a_part_tags_the_merged_document(self, cluster: Cluster) -> None:
        cluster.client.update(index="articles", id="there", body={"doc": {"text": "web pages"}})
        assert cluster.state("there") == "fits"

    def test_update_by_query_tags(self, cluster: Cluster) -> None:
        script = {"source": "ctx._source.putAll(params)", "params": WEB}
        cluster.client.indices.refresh(index="articles")
        cluster.client.update_by_query(index="articles", body={"script": script})
        assert (cluster.source("there")["tags"][0], cluster.state("there")) == (
            "Web browser",
            "fits",
        )

    def test_reindex_into_an_attached_index_tags(self, cluster: Cluster) -> None:
        cluster.client.index(index="articles-raw", id="raw", body=WEB, params={"refresh": "true"})
        body = {"source": {"index": "articles-raw"}, "dest": {"index": "articles"}}
        cluster.client.reindex(body=body)
        assert (cluster.source("raw")["tags"][0], cluster.state("raw")) == ("Web browser", "fits")


class TestPartsOfDocuments:
    """These run no pipeline, or run it on a part alone."""

    @pytest.mark.parametrize("upsert", [False, True])
    def test_bulk_update_of_another_field_leaves_the_tags(
        self, cluster: Cluster, upsert: bool
    ) -> None:
        before = cluster.source("there")
        body = {"doc": {"views": 5}, **({"doc_as_upsert": True} if upsert else {})}
        cluster.bulk({"update": {"_id": "there"}}, body)
        assert cluster.source("there") == {**before, "views": 5}
        assert cluster.state("there") == "fits"

    @pytest.mark.parametrize(
        "body",
        [
            {"doc": {"title": WEB["title"]}},
            {"doc": {"title": WEB["title"]}, "doc_as_upsert": True},
            {"doc": {"text": " "}, "doc_as_upsert": True},
            {"doc": WEB, "upsert": WEB},
            {"script": {"source": "ctx._source.putAll(params)", "params": WEB}},
            {
                "script": {"source": "ctx._source.putAll(params)", "params": WEB},
                "upsert": WEB,
            },
        ],
    )
    def test_bulk_update_of_the_text_leaves_a_document_that_retag_finds(
        self, cluster: Cluster, body: dict[str, Any]
    ) -> None:
        cluster.bulk({"update": {"_id": "there"}}, body)
        assert cluster.state("there") == "stale"
        counts = TextCheck(["title", "text"], _names()).count(cluster.client, "articles", 10)
        assert (counts.stale, counts.fits, counts.complete) == (1, 0, True)
        made = plan_retag(cluster.client, cluster.settings, "articles", Wish(stale=True))
        (report,) = carry_out(cluster.client, cluster.settings, made).values()
        assert (report.documents, cluster.state("there")) == (1, "fits")
        (report,) = carry_out(cluster.client, cluster.settings, made).values()
        assert report.documents == 0

    @pytest.mark.parametrize(
        "body",
        [
            {"doc": WEB, "doc_as_upsert": True},
            {"doc": {"views": 1}, "upsert": WEB},
            {"script": {"source": "ctx._source.n = 1"}, "upsert": WEB},
        ],
    )
    def test_a_document_that_a_bulk_update_makes_is_tagged(
        self, cluster: Cluster, body: dict[str, Any]
    ) -> None:
        cluster.bulk({"update": {"_id": "new"}}, body)
        assert (cluster.source("new")["tags"][0], cluster.state("new")) == ("Web browser", "fits")

    def test_a_whole_document_as_upsert_leaves_nothing_of_the_tagging_before(
        self, cluster: Cluster
    ) -> None:
        cluster.bulk({"update": {"_id": "there"}}, {"doc": WEB, "doc_as_upsert": True})
        assert cluster.state("there") == "fits"
        assert "Chess" not in cluster.source("there")["tags"]
        nothing = {"title": "of", "text": "of"}
        cluster.bulk({"update": {"_id": "there"}}, {"doc": nothing, "doc_as_upsert": True})
        source = cluster.source("there")
        assert (source["tags"], source["tagging"]["best_score"]) == ([], None)


def test_a_restored_snapshot_has_the_tags_it_had(cluster: Cluster, servers: Servers) -> None:
    client = cluster.client
    before = cluster.source("there")
    settings = client.nodes.info(params={"filter_path": "nodes.*.settings.path.repo"})
    repos = [one["settings"]["path"]["repo"] for one in settings.get("nodes", {}).values()]
    if not repos:
        pytest.skip("this node has no folder for snapshots (path.repo)")
    place = {"type": "fs", "settings": {"location": f"{repos[0][0]}/requests"}}
    client.snapshot.create_repository(repository="requests", body=place)
    wait = {"wait_for_completion": "true"}
    body = {"indices": "articles", "include_global_state": False}
    client.snapshot.create(repository="requests", snapshot="one", body=body, params=wait)
    try:
        body = {**body, "rename_pattern": "(.+)", "rename_replacement": "$1-restored"}
        client.snapshot.restore(repository="requests", snapshot="one", body=body, params=wait)
        assert cluster.source("there", "articles-restored") == before
        assert cluster.state("there", "articles-restored") == "fits"
        client.index(index="articles-restored", id="new", body=WEB)
        assert cluster.source("new", "articles-restored")["tags"][0] == "Web browser"
    finally:
        client.snapshot.delete(repository="requests", snapshot="one")
        client.snapshot.delete_repository(repository="requests")


def test_reindex_into_an_index_that_does_not_tag_copies_tags_and_digest(
    cluster: Cluster,
) -> None:
    body = {"source": {"index": "articles"}, "dest": {"index": "articles-copy"}}
    cluster.client.reindex(body=body, params={"refresh": "true"})
    assert cluster.source("there", "articles-copy") == cluster.source("there")
    assert cluster.state("there", "articles-copy") == "fits"
