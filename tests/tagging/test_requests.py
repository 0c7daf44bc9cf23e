"""Which requests tag a document, and what a document says after those that do not.

Also run these with LMTX_TEST_BACKEND=embedded-2.19: the table in the README is about both.
"""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.doctor.texts import examine_texts
from lmtx_search.tag_fields import DEFAULT_FIELDS
from lmtx_search.tagging.retagging import Wish, carry_out
from lmtx_search.tagging.retagging import plan as plan_retag
from tests.support.backends import Servers
from tests.tagging.conftest import CHESS, WEB, Attached

pytestmark = pytest.mark.integration


class TestWholeDocuments:
    """These requests tag what is stored."""

    def test_bulk_index_tags_new_documents_and_those_that_are_replaced(
        self, attached: Attached
    ) -> None:
        attached.bulk({"index": {"_id": "there"}}, WEB, {"index": {"_id": "new"}}, CHESS)
        assert attached.source("there")["tags"][0] == "Web browser"
        assert attached.source("new")["tags"][0] == "Chess"
        assert {attached.state(id_) for id_ in ("there", "new")} == {"fits"}

    def test_bulk_create_tags(self, attached: Attached) -> None:
        attached.bulk({"create": {"_id": "new"}}, WEB)
        assert (attached.source("new")["tags"][0], attached.state("new")) == ("Web browser", "fits")

    def test_a_document_without_an_id_is_tagged(self, attached: Attached) -> None:
        id_ = attached.client.index(index="articles", body=WEB)["_id"]
        assert (attached.source(id_)["tags"][0], attached.state(id_)) == ("Web browser", "fits")

    def test_doc_and_create_tag(self, attached: Attached) -> None:
        attached.client.index(index="articles", id="there", body=WEB)
        attached.client.create(index="articles", id="new", body=WEB)
        for id_ in ("there", "new"):
            assert (attached.source(id_)["tags"][0], attached.state(id_)) == ("Web browser", "fits")

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
        self, attached: Attached, body: dict[str, Any], id_: str
    ) -> None:
        if id_ == "new":
            body = {**body, "upsert": WEB} if "doc_as_upsert" not in body else body
        attached.client.update(index="articles", id=id_, body=body)
        assert (attached.source(id_)["tags"][0], attached.state(id_)) == ("Web browser", "fits")

    def test_update_of_a_part_tags_the_merged_document(self, attached: Attached) -> None:
        attached.client.update(index="articles", id="there", body={"doc": {"text": "web pages"}})
        assert attached.state("there") == "fits"

    def test_update_by_query_tags(self, attached: Attached) -> None:
        script = {"source": "ctx._source.putAll(params)", "params": WEB}
        attached.client.indices.refresh(index="articles")
        attached.client.update_by_query(index="articles", body={"script": script})
        assert (attached.source("there")["tags"][0], attached.state("there")) == (
            "Web browser",
            "fits",
        )

    def test_reindex_into_an_attached_index_tags(self, attached: Attached) -> None:
        attached.client.index(index="articles-raw", id="raw", body=WEB, params={"refresh": "true"})
        body = {"source": {"index": "articles-raw"}, "dest": {"index": "articles"}}
        attached.client.reindex(body=body)
        assert (attached.source("raw")["tags"][0], attached.state("raw")) == ("Web browser", "fits")


class TestPartsOfDocuments:
    """These run no pipeline, or run it on a part alone."""

    @pytest.mark.parametrize("upsert", [False, True])
    def test_bulk_update_of_another_field_leaves_the_tags(
        self, attached: Attached, upsert: bool
    ) -> None:
        before = attached.source("there")
        body = {"doc": {"views": 5}, **({"doc_as_upsert": True} if upsert else {})}
        attached.bulk({"update": {"_id": "there"}}, body)
        assert attached.source("there") == {**before, "views": 5}
        assert attached.state("there") == "fits"

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
        self, attached: Attached, body: dict[str, Any]
    ) -> None:
        attached.bulk({"update": {"_id": "there"}}, body)
        assert attached.state("there") == "stale"
        counts = TextCheck(["title", "text"], DEFAULT_FIELDS).count(attached.client, "articles", 10)
        assert (counts.stale, counts.fits, counts.complete) == (1, 0, True)
        found = examine_texts(attached.client)
        assert found.found.startswith("1 documents have changed since they were tagged")
        assert found.todo == "lmtx-search retag --index articles --stale"
        made = plan_retag(attached.client, attached.settings, "articles", Wish(stale=True))
        (report,) = carry_out(attached.client, attached.settings, made).values()
        assert (report.documents, attached.state("there")) == (1, "fits")
        (report,) = carry_out(attached.client, attached.settings, made).values()
        assert report.documents == 0
        assert (
            examine_texts(attached.client).found == "the tags of 1 documents belong to their text"
        )

    @pytest.mark.parametrize(
        "body",
        [
            {"doc": WEB, "doc_as_upsert": True},
            {"doc": {"views": 1}, "upsert": WEB},
            {"script": {"source": "ctx._source.n = 1"}, "upsert": WEB},
        ],
    )
    def test_a_document_that_a_bulk_update_makes_is_tagged(
        self, attached: Attached, body: dict[str, Any]
    ) -> None:
        attached.bulk({"update": {"_id": "new"}}, body)
        assert (attached.source("new")["tags"][0], attached.state("new")) == ("Web browser", "fits")

    def test_a_whole_document_as_upsert_leaves_nothing_of_the_tagging_before(
        self, attached: Attached
    ) -> None:
        attached.bulk({"update": {"_id": "there"}}, {"doc": WEB, "doc_as_upsert": True})
        assert attached.state("there") == "fits"
        assert "Chess" not in attached.source("there")["tags"]
        nothing = {"title": "of", "text": "of"}
        attached.bulk({"update": {"_id": "there"}}, {"doc": nothing, "doc_as_upsert": True})
        source = attached.source("there")
        assert (source["tags"], source["tagging"]["best_score"]) == ([], None)


def test_a_restored_snapshot_has_the_tags_it_had(attached: Attached, servers: Servers) -> None:
    client = attached.client
    before = attached.source("there")
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
        assert attached.source("there", "articles-restored") == before
        assert attached.state("there", "articles-restored") == "fits"
        client.index(index="articles-restored", id="new", body=WEB)
        assert attached.source("new", "articles-restored")["tags"][0] == "Web browser"
    finally:
        client.snapshot.delete(repository="requests", snapshot="one")
        client.snapshot.delete_repository(repository="requests")


def test_reindex_into_an_index_that_does_not_tag_copies_tags_and_digest(
    attached: Attached,
) -> None:
    body = {"source": {"index": "articles"}, "dest": {"index": "articles-copy"}}
    attached.client.reindex(body=body, params={"refresh": "true"})
    assert attached.source("there", "articles-copy") == attached.source("there")
    assert attached.state("there", "articles-copy") == "fits"
