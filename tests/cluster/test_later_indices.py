"""Indices that come after an attach: by rollover, by a template, as a copy of another index."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.client.name_patterns import covers, overlap
from lmtx_search.cluster.ml.index_pipeline import index_text_fields
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.ml.pipeline_copies import copy_name
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.detach import plan_detach
from lmtx_search.cluster.setup.templates import Template, restored, tagging_body
from lmtx_search.errors import UserError
from tests.conftest import Run

TITLE = copy_name(["title"])
PROPERTIES = {"title": {"type": "text"}, "body": {"type": "text"}}


@pytest.mark.parametrize(
    ("pattern", "other", "both", "all_of_it"),
    [
        ("logs-*", "logs-app-000002", True, True),
        ("logs-*", "logs-app-*", True, True),
        ("logs-app-*", "logs-*", True, False),
        ("*-2026", "logs-*", True, False),
        ("logs-*", "news-*", False, False),
        ("*", "logs-*", True, True),
        ("logs", "logs", True, True),
    ],
)
def test_patterns_of_names_are_compared(
    pattern: str, other: str, both: bool, all_of_it: bool
) -> None:
    assert overlap(pattern, other) == overlap(other, pattern) == both
    assert covers(pattern, other) == all_of_it


@pytest.mark.parametrize("earlier", [None, "_none"])
@pytest.mark.parametrize("now", ["theirs", "_none", None])
def test_a_pipeline_that_replaced_tagging_in_a_template_stays_when_it_is_detached(
    earlier: str | None, now: str | None
) -> None:
    before = {"index": {"default_pipeline": earlier}} if earlier else {}
    body = tagging_body({"template": {"settings": before}}, "news", "default_pipeline", TITLE)
    body["template"]["settings"]["index"].pop("default_pipeline")
    if now:
        body["template"]["settings"]["index"]["default_pipeline"] = now
    found = restored(Template("ours", body)).get("template", {}).get("settings", {})
    assert found == ({"index": {"default_pipeline": now}} if now else {})


def test_a_template_that_was_attached_again_beside_such_a_pipeline_is_restored() -> None:
    body = tagging_body({}, "news", "default_pipeline", TITLE)
    body["template"]["settings"]["index"]["default_pipeline"] = "theirs"
    again = tagging_body(body, "news", "final_pipeline", TITLE)
    settings = restored(Template("ours", again))["template"]["settings"]
    assert settings == {"index": {"default_pipeline": "theirs"}}


@pytest.fixture
def cluster(client: Any, lmtx: Run) -> Any:
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    return client


def two_aliases_of_one_template(cluster: Any) -> None:
    cluster.indices.put_index_template(name="ours", body={"index_patterns": ["news-*"]})
    write_alias(cluster, "news-a")
    write_alias(cluster, "news-b")


def do_attach(client: Any, name: str, *fields: str) -> None:
    attach(client, plan_attach(client, name, fields or ("title",)))
    assert plan_attach(client, name, fields or ("title",)) == []


def write_alias(client: Any, alias: str = "news") -> None:
    body = {
        "aliases": {alias: {"is_write_index": True}},
        "mappings": {"properties": PROPERTIES},
    }
    client.indices.create(index=f"{alias}-000001", body=body)


def is_tagged(client: Any, index: str, **source: Any) -> bool:
    """Index a document, and tell whether the pipeline saw it and its tags can be counted."""
    made = client.index(index=index, body={"title": "x", **source}, params={"op_type": "create"})
    found = client.get(index=made["_index"], id=made["_id"])["_source"]
    mapping = client.indices.get_mapping(index=made["_index"])[made["_index"]]["mappings"]
    fields = index_text_fields(client, read_pipeline(client), made["_index"])
    return (
        "tagging" in found
        and mapping["properties"]["tags"] == {"type": "keyword", "copy_to": ["tags_all"]}
        and fields == ["title"]
    )


def template(client: Any, name: str) -> dict[str, Any]:
    (found,) = client.indices.get_index_template(name=name)["index_templates"]
    return dict(found["index_template"])


@pytest.mark.integration
class TestAnAlias:
    def test_without_a_template_gets_one_and_its_next_indices_tag(self, cluster: Any) -> None:
        write_alias(cluster)
        do_attach(cluster, "news")
        for _ in range(2):
            cluster.indices.rollover(alias="news")
            assert is_tagged(cluster, "news")
        assert sorted(cluster.indices.get_alias(name="news")) == [
            "news-000001",
            "news-000002",
            "news-000003",
        ]
        assert plan_attach(cluster, "news", ["title"])[0].reason.startswith("text of news, news-")

    def test_with_a_template_changes_it_and_detach_restores_it(self, cluster: Any) -> None:
        body = {
            "index_patterns": ["news-*"],
            "priority": 7,
            "version": 4,
            "_meta": {"owner": "us"},
            "template": {
                "settings": {"index": {"refresh_interval": "7s"}},
                "mappings": {"properties": PROPERTIES},
            },
        }
        cluster.indices.put_index_template(name="ours", body=body)
        before = template(cluster, "ours")
        write_alias(cluster)
        do_attach(cluster, "news")
        cluster.indices.rollover(alias="news")
        assert is_tagged(cluster, "news")
        settings = cluster.indices.get_settings(index="news-000002")["news-000002"]["settings"]
        assert settings["index"]["refresh_interval"] == "7s"
        attach(cluster, plan_detach(cluster, "news"))
        assert template(cluster, "ours") == before
        cluster.indices.rollover(alias="news")
        made = cluster.index(index="news", body={"title": "x"})
        assert "tagging" not in cluster.get(index="news-000003", id=made["_id"])["_source"]
        assert plan_detach(cluster, "news") == []

    @pytest.mark.parametrize("template", [{}, {"settings": {}}, {"aliases": {"all": {}}}])
    def test_a_template_with_little_in_it_is_restored_too(
        self, cluster: Any, template: dict[str, Any]
    ) -> None:
        body = {"index_patterns": ["news-*"], **({"template": template} if template else {})}
        cluster.indices.put_index_template(name="ours", body=body)
        before = cluster.indices.get_index_template(name="ours")
        write_alias(cluster)
        do_attach(cluster, "news")
        assert cluster.indices.get_index_template(name="ours") != before
        attach(cluster, plan_detach(cluster, "news"))
        after = cluster.indices.get_index_template(name="ours")
        for one in (before, after):  # the cluster keeps the difference of nothing and an empty one
            found = one["index_templates"][0]["index_template"]
            found["composed_of"] = found.get("composed_of", [])
            if not found.get("template", {}).get("settings", True):
                del found["template"]["settings"]
            found["template"] = found.get("template", {})
        assert after == before

    def test_the_template_of_the_highest_priority_is_the_one_that_counts(
        self, cluster: Any
    ) -> None:
        for name, priority in {"low": 1, "high": 9, "middle": 5}.items():
            body = {"index_patterns": ["news-*"], "priority": priority}
            cluster.indices.put_index_template(name=name, body=body)
        write_alias(cluster)
        do_attach(cluster, "news")
        assert "template" not in template(cluster, "low")
        cluster.indices.rollover(alias="news")
        assert is_tagged(cluster, "news")

    def test_a_template_whose_own_pipeline_calls_the_copy_for_other_fields_is_refused(
        self, cluster: Any
    ) -> None:
        step = {"pipeline": {"name": copy_name(["other"])}}
        cluster.ingest.put_pipeline(id="own", body={"processors": [step]})
        settings = {"index.default_pipeline": "own", "index.final_pipeline": "own"}
        body = {"index_patterns": ["news-*"], "template": {"settings": settings}}
        cluster.indices.put_index_template(name="ours", body=body)
        write_alias(cluster)
        refused = r"own of the index template ours calls .*: attach one"
        with pytest.raises(UserError, match=refused):
            do_attach(cluster, "news")

    def test_a_default_pipeline_of_a_component_stays_and_tagging_is_the_final_one(
        self, cluster: Any
    ) -> None:
        own = {"processors": [{"set": {"field": "own", "value": 1}}]}
        cluster.ingest.put_pipeline(id="own", body=own)
        component = {"template": {"settings": {"index.default_pipeline": "own"}}}
        cluster.cluster.put_component_template(name="base", body=component)
        body = {"index_patterns": ["news-*"], "composed_of": ["base"]}
        cluster.indices.put_index_template(name="ours", body=body)
        write_alias(cluster)
        do_attach(cluster, "news")
        cluster.indices.rollover(alias="news")
        assert is_tagged(cluster, "news")
        hits = cluster.search(index="news-000002", params={"q": "own:1"})["hits"]
        cluster.indices.refresh(index="news-000002")
        hits = cluster.search(index="news-000002")["hits"]["hits"]
        assert [hit["_source"]["own"] for hit in hits] == [1]

    def test_legacy_templates_keep_what_they_say_and_get_one_on_top(self, cluster: Any) -> None:
        body = {
            "index_patterns": ["news-*"],
            "order": 3,
            "settings": {"refresh_interval": "7s"},
            "mappings": {"properties": PROPERTIES},
        }
        cluster.indices.put_template(name="old", body=body)
        before = cluster.indices.get_template()
        write_alias(cluster)
        do_attach(cluster, "news")
        cluster.indices.rollover(alias="news")
        assert is_tagged(cluster, "news")
        settings = cluster.indices.get_settings(index="news-000002")["news-000002"]["settings"]
        assert settings["index"]["refresh_interval"] == "7s"
        attach(cluster, plan_detach(cluster, "news"))
        assert cluster.indices.get_template() == before

    def test_a_legacy_template_of_an_earlier_release_gets_the_field_of_all_tags(
        self, cluster: Any
    ) -> None:
        body = {"index_patterns": ["news-*"], "mappings": {"properties": PROPERTIES}}
        cluster.indices.put_template(name="old", body=body)
        write_alias(cluster)
        do_attach(cluster, "news")
        (name,) = cluster.indices.get_template().keys() - {"old"}
        now = cluster.indices.get_template(name=name)[name]
        properties = now["mappings"]["properties"]
        assert properties["tags_manual"]["copy_to"] == ["tags_all"]
        earlier = {one: properties[one] for one in properties if one != "tags_all"}
        for one in ("tags", "tags_manual"):
            earlier[one] = {"type": "keyword"}
        cluster.indices.put_template(name=name, body={**now, "mappings": {"properties": earlier}})
        do_attach(cluster, "news")
        assert cluster.indices.get_template(name=name)[name] == now

    def test_a_template_for_all_indices_of_the_cluster_is_not_changed(self, cluster: Any) -> None:
        settings = {"index": {"refresh_interval": "7s"}}
        body = {"index_patterns": ["*"], "template": {"settings": settings}}
        cluster.indices.put_index_template(name="all", body=body)
        before = template(cluster, "all")
        write_alias(cluster)
        do_attach(cluster, "news")
        assert template(cluster, "all") == before
        cluster.indices.rollover(alias="news")
        assert is_tagged(cluster, "news")
        found = cluster.indices.get_settings(index="news-000002")["news-000002"]["settings"]
        assert found["index"]["refresh_interval"] == "7s"
        cluster.index(index="others", body={"title": "x"}, params={"refresh": "true"})
        assert "tagging" not in cluster.search(index="others")["hits"]["hits"][0]["_source"]

    def test_two_aliases_of_one_template_are_detached_one_by_one(self, cluster: Any) -> None:
        two_aliases_of_one_template(cluster)
        before = template(cluster, "ours")
        do_attach(cluster, "news-a")
        do_attach(cluster, "news-b")
        attach(cluster, plan_detach(cluster, "news-a"))
        cluster.indices.rollover(alias="news-b")
        assert is_tagged(cluster, "news-b")
        attach(cluster, plan_detach(cluster, "news-b"))
        assert template(cluster, "ours").get("template", {}) == before.get("template", {})

    def test_two_names_attached_together_are_detached_one_by_one(self, cluster: Any) -> None:
        two_aliases_of_one_template(cluster)
        do_attach(cluster, "news-a,news-b")
        attach(cluster, plan_detach(cluster, "news-a"))
        cluster.indices.rollover(alias="news-b")
        assert is_tagged(cluster, "news-b")

    def test_two_aliases_of_one_template_may_have_different_text_fields(self, cluster: Any) -> None:
        two_aliases_of_one_template(cluster)
        do_attach(cluster, "news-a", "title")
        do_attach(cluster, "news-b", "body", "title")
        state = read_pipeline(cluster)
        for alias, fields in {"news-a": ["title"], "news-b": ["body", "title"]}.items():
            cluster.indices.rollover(alias=alias)
            assert index_text_fields(cluster, state, f"{alias}-000002") == fields

    def test_a_template_that_gives_the_alias_is_changed_though_names_do_not_count_on(
        self, cluster: Any
    ) -> None:
        body = {"index_patterns": ["news-*"], "template": {"aliases": {"news": {}}}}
        cluster.indices.put_index_template(name="ours", body=body)
        cluster.indices.create(index="news-autumn", body={"mappings": {"properties": PROPERTIES}})
        do_attach(cluster, "news")
        cluster.indices.create(index="news-winter")
        assert is_tagged(cluster, "news-winter")

    def test_names_with_a_date_count_on(self, cluster: Any) -> None:
        body = {
            "aliases": {"logs": {"is_write_index": True}},
            "mappings": {"properties": PROPERTIES},
        }
        cluster.indices.create(index="<logs-{now/d}-000001>", body=body)
        do_attach(cluster, "logs")
        cluster.indices.rollover(alias="logs")
        assert is_tagged(cluster, "logs")

    def test_the_command_shows_the_template_and_says_where_nothing_is_foreseen(
        self, cluster: Any, lmtx: Run
    ) -> None:
        write_alias(cluster)
        shown = lmtx("attach", "news", "--text-field", "title", "--dry-run").stdout
        assert "PUT /_index_template/lmtx-attached-news-" in shown
        assert '"default_pipeline": "lmtx-tagging-' in shown
        cluster.indices.create(
            index="single", body={"mappings": {"properties": PROPERTIES}, "aliases": {"now": {}}}
        )
        done = lmtx("attach", "now", "--text-field", "title")
        assert "its next index is unknown" in done.stdout
        assert (
            "attach news instead" in lmtx("attach", "news-000001", "--text-field", "title").stdout
        )

    def test_a_gone_alias_can_still_be_detached(self, cluster: Any) -> None:
        write_alias(cluster)
        do_attach(cluster, "news")
        cluster.indices.delete(index="news-000001")
        attach(cluster, plan_detach(cluster, "news"))
        names = [one["name"] for one in cluster.indices.get_index_template()["index_templates"]]
        assert not [name for name in names if name.startswith("lmtx-attached")]
        assert "news" not in read_pipeline(cluster).indices


@pytest.mark.integration
class TestADataStream:
    @pytest.fixture
    def stream(self, cluster: Any) -> Any:
        body = {
            "index_patterns": ["events*"],
            "data_stream": {},
            "priority": 5,
            "template": {"mappings": {"properties": PROPERTIES}},
        }
        cluster.indices.put_index_template(name="stream", body=body)
        cluster.indices.create_data_stream(name="events")
        return cluster

    def test_tags_now_and_after_a_rollover(self, stream: Any) -> None:
        before = template(stream, "stream")
        do_attach(stream, "events")
        now = {"@timestamp": "2026-01-01T00:00:00Z"}
        assert is_tagged(stream, "events", **now)
        stream.indices.rollover(alias="events")
        assert is_tagged(stream, "events", **now)
        assert len(stream.indices.get_settings(index="events")) == 2
        attach(stream, plan_detach(stream, "events"))
        assert template(stream, "stream") == before

    def test_later_indices_copy_tags_although_the_template_has_its_own_fields(
        self, stream: Any
    ) -> None:
        body = template(stream, "stream")
        own = {"type": "keyword", "ignore_above": 200}
        body["template"]["mappings"]["properties"]["tags_manual"] = own
        stream.indices.put_index_template(name="stream", body=body)
        before = template(stream, "stream")
        do_attach(stream, "events")
        stream.indices.rollover(alias="events")
        made = stream.indices.get_mapping(index=".ds-events-000002")
        (mapping,) = (one["mappings"]["properties"] for one in made.values())
        assert mapping["tags_manual"] == {**own, "copy_to": ["tags_all"]}
        assert mapping["tags"]["copy_to"] == ["tags_all"]
        attach(stream, plan_detach(stream, "events"))
        assert template(stream, "stream") == before

    def test_a_later_data_stream_of_the_same_template_tags_too(self, stream: Any) -> None:
        do_attach(stream, "events")
        assert is_tagged(stream, "events-2", **{"@timestamp": "2026-01-01T00:00:00Z"})


@pytest.mark.integration
class TestAPattern:
    def test_every_template_for_it_is_changed_and_one_is_written_for_the_rest(
        self, cluster: Any
    ) -> None:
        body = {"index_patterns": ["logs-app-*"], "priority": 4, "template": {"aliases": {"a": {}}}}
        cluster.indices.put_index_template(name="app", body=body)
        do_attach(cluster, "logs-*")
        assert is_tagged(cluster, "logs-app-1")
        assert "a" in cluster.indices.get_alias(index="logs-app-1")["logs-app-1"]["aliases"]
        assert is_tagged(cluster, "logs-other")

    def test_a_template_without_a_priority_is_not_outranked(self, cluster: Any) -> None:
        body = {"index_patterns": ["logs-app-*"], "template": {"aliases": {"a": {}}}}
        cluster.indices.put_index_template(name="app", body=body)
        do_attach(cluster, "logs-*")
        assert is_tagged(cluster, "logs-app-1")
        assert "a" in cluster.indices.get_alias(index="logs-app-1")["logs-app-1"]["aliases"]
        assert is_tagged(cluster, "logs-other")

    def test_that_holds_indices_of_our_own_is_refused(self, cluster: Any) -> None:
        with pytest.raises(UserError, match="lmtx-search's own index"):
            plan_attach(cluster, "l*", ["title"])


@pytest.mark.integration
class TestACopy:
    @pytest.fixture
    def attached(self, cluster: Any) -> Any:
        settings = {"index": {"number_of_shards": 2, "number_of_replicas": 0}}
        body = {"settings": settings, "mappings": {"properties": PROPERTIES}}
        cluster.indices.create(index="news", body=body)
        do_attach(cluster, "news")
        assert is_tagged(cluster, "news")
        return cluster

    @pytest.mark.parametrize("way", ["clone", "shrink", "split"])
    def test_tags_by_the_same_fields(self, attached: Any, way: str) -> None:
        attached.indices.put_settings(index="news", body={"index.blocks.write": True})
        shards = {"clone": 2, "shrink": 1, "split": 4}[way]
        body = {"settings": {"index.number_of_shards": shards, "index.blocks.write": None}}
        getattr(attached.indices, way)(index="news", target="other", body=body)
        assert is_tagged(attached, "other")

    def test_restored_under_another_name_tags_by_the_same_fields(self, attached: Any) -> None:
        body = {"type": "fs", "settings": {"location": "later"}}
        attached.snapshot.create_repository(repository="later", body=body)
        done = {"wait_for_completion": "true"}
        try:
            attached.snapshot.create(
                repository="later", snapshot="one", body={"indices": "news"}, params=done
            )
            names = {"indices": "news", "rename_pattern": "news", "rename_replacement": "again"}
            attached.snapshot.restore(repository="later", snapshot="one", body=names, params=done)
            assert is_tagged(attached, "again")
        finally:
            attached.snapshot.delete(repository="later", snapshot="*")
            attached.snapshot.delete_repository(repository="later")

    def test_reindexed_into_an_index_of_an_attached_pattern_tags(self, attached: Any) -> None:
        do_attach(attached, "copy-*")
        attached.reindex(
            body={"source": {"index": "news"}, "dest": {"index": "copy-1"}},
            params={"refresh": "true"},
        )
        assert is_tagged(attached, "copy-1")
