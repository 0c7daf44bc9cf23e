"""Documents that are already in an index, tagged again through the real pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.documents import bulk
from lmtx_search.cluster.retag import retag as retagging
from lmtx_search.cluster.retag.selection import Selection, targets
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields, scores_of
from lmtx_search.tagging.retagging import Wish, carry_out, plan, preview
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed, index_documents
from tests.support.tagger_service import running

TEXTS = {"1": "plays chess", "2": "shows pages of the web", "3": "chess on the web", "4": ""}


def test_what_the_tagger_in_use_has_tagged_is_left_out_unless_labels_changed_since() -> None:
    fresh = Selection(tagger="v2").body()["bool"]["must_not"][0]["bool"]["filter"]
    assert {"term": {"tagging.tagger": "v2"}} in fresh
    since = Selection(tagger="v2", tagged_from="2026").body()["bool"]["must_not"][0]
    assert {"range": {"tagging.at": {"gte": "2026"}}} in since["bool"]["filter"]
    assert Selection(tags=["a"]).body()["bool"]["must_not"] == []


def test_documents_of_a_label_have_it_as_a_tag_a_suggestion_or_above_a_tag() -> None:
    (wanted,) = Selection(tags=["a"], fields=TagFields(broader="above")).body()["bool"]["filter"]
    some = [{"terms": {name: ["a"]}} for name in ("tags", "tags_suggested", "above")]
    assert wanted == {"bool": {"should": some}}


@pytest.fixture
def cluster(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> Iterator[Any]:
    """A cluster with a tagger in use, and an index of old documents with a pipeline of its own."""
    bootstrap(client, settings, lmtx)
    own = {"processors": [{"script": {"source": "ctx.own = (ctx.own ?: 0) + 1"}}]}
    client.ingest.put_pipeline(id="own", body=own)
    properties = {"text": {"type": "text"}, "tags_manual": {"type": "keyword"}}
    body = {
        "settings": {"index": {"default_pipeline": "own"}},
        "mappings": {"properties": properties},
    }
    client.indices.create(index="old", body=body)
    for id_, text in TEXTS.items():
        source = {"text": text, "tags_manual": ["by hand"], "a.b": {"c": 1}}
        client.index(index="old", id=id_, body=source, params={"routing": f"r{id_}"})
    with running(environment):
        deployed(client, settings)
        attach(client, plan_attach(client, "old", ["text"]))
        yield client


@pytest.mark.integration
class TestRetag:
    def test_old_documents_get_tags_and_keep_all_else(
        self, cluster: Any, lmtx: Run, settings: Settings
    ) -> None:
        shown = lmtx("retag", "--index", "old", "--dry-run")
        assert "old: 4 documents would be tagged again" in shown.stdout, shown.stderr
        assert "of a sample of 4, 3 would get other tags" in shown.stdout
        assert "tags" not in _source(cluster, "1")

        done = lmtx("retag", "--index", "old", "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)["indices"]["old"]
        counts = {name: report[name] for name in ("documents", "tagged", "changed", "untagged")}
        assert counts == {"documents": 4, "tagged": 3, "changed": 3, "untagged": 1}
        source = _source(cluster, "1")
        assert source["tags"][0] == "Chess"
        kept = {name: source[name] for name in ("text", "tags_manual", "a.b", "own")}
        # Its own pipeline has not run a second time.
        assert kept == {
            "text": TEXTS["1"],
            "tags_manual": ["by hand"],
            "a.b": {"c": 1},
            "own": 1,
        }
        # What is tagged is not tagged again, before the labels change.
        assert "old: 1 documents" in lmtx("retag", "--index", "old").stdout
        lmtx("labels", "rename", "game::chess", "Board game")
        again = json.loads(lmtx("retag", "--index", "old", "--json").stdout)["indices"]["old"]
        assert (again["documents"], again["changed"]) == (4, 2)
        assert "Board game" in _source(cluster, "1")["tags"]

    def test_other_suggestions_are_counted_beside_other_tags(self, cluster: Any, lmtx: Run) -> None:
        lmtx("retag", "--index", "old")
        # As a tagger with another documents.suggest_from wrote them.
        earlier = {
            "tags_suggested": ["Mail"],
            "suggestion_scores": [{"tag": "Mail", "score": 0.1, "probability": 0.1}],
        }
        update = {"update": {"_id": "1", "routing": "r1"}}
        cluster.bulk(body=[update, {"doc": earlier}], index="old", refresh=True)
        words = ("retag", "--index", "old", "--everything")
        shown = lmtx(*words, "--dry-run").stdout
        assert "of a sample of 4, 0 would get other tags and 1 other suggestions" in shown
        done = lmtx(*words)
        assert "0 with other tags than before, 1 with other suggestions" in done.stdout, done.stderr
        report = json.loads(lmtx(*words, "--json").stdout)["indices"]["old"]
        assert (report["changed"], report["suggestions_changed"]) == (0, 0)

    def test_a_retired_labels_tag_is_cleared_or_kept(self, cluster: Any, lmtx: Run) -> None:
        lmtx("retag", "--index", "old")
        lmtx("labels", "retire", "game::chess", "--yes")
        words = ("retag", "--index", "old", "--label", "game::chess")
        keeping = (*words, "--query", "text:plays", "--keep-retired", "--json")
        shown = json.loads(lmtx(*keeping, "--dry-run").stdout)["indices"][0]
        kept = lmtx(*keeping)
        assert kept.returncode == 0, kept.stderr
        assert json.loads(kept.stdout)["indices"]["old"]["changed"] == shown["sample_changed"]
        source = _source(cluster, "1")
        assert source["tags"][-1] == "Chess"
        assert scores_of(source["tag_scores"])["Chess"] > 0.3
        assert source["own"] == 1
        done = lmtx(*words, "--json")
        assert json.loads(done.stdout)["indices"]["old"]["documents"] == 2
        assert all("Chess" not in _source(cluster, id_)["tags"] for id_ in "13")

    def test_an_earlier_name_is_found_by_the_id_after_a_new_deployment_and_is_not_kept(
        self, cluster: Any, lmtx: Run, settings: Settings
    ) -> None:
        lmtx("retag", "--index", "old")
        lmtx("labels", "rename", "game::chess", "Board game")
        deployed(cluster, settings)
        words = ("retag", "--index", "old", "--label", "game::chess", "--keep-retired")
        done = lmtx(*words, "--json")
        assert json.loads(done.stdout)["indices"]["old"]["documents"] == 2, done.stderr
        for id_ in "13":
            tags = _source(cluster, id_)["tags"]
            assert "Board game" in tags
            assert "Chess" not in tags
        unknown = lmtx("retag", "--index", "old", "--label", "none")
        assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1), unknown.stderr
        assert "no label has or had the id or name none" in unknown.stderr

    def test_on_a_machine_without_the_taggers_an_id_is_told_or_refused(
        self, cluster: Any, lmtx: Run, tmp_path: Path
    ) -> None:
        lmtx("retag", "--index", "old")
        lmtx("labels", "rename", "web", "Browser")
        lmtx("labels", "retire", "game::chess", "--yes")
        elsewhere = ("--data-dir", tmp_path / "elsewhere", "retag", "--index", "old", "--dry-run")
        renamed = lmtx(*elsewhere, "--label", "web")
        assert "earlier names of web may be unknown here" in renamed.stderr
        retired = lmtx(*elsewhere, "--label", "game::chess")
        assert retired.returncode == 2, retired.stdout
        by_name = lmtx(*elsewhere, "--label", "Chess")
        assert "old: 2 documents" in by_name.stdout, by_name.stderr

    def test_what_others_write_meanwhile_is_never_overwritten(
        self, cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = retagging.scan

        def scan(*args: Any, **options: Any) -> Iterator[dict[str, Any]]:
            for hit in read(*args, **options):
                routing = {"routing": f"r{hit['_id']}"}
                if hit["_id"] == "1":
                    body = {"doc": {"tags_manual": ["meanwhile"]}}
                    cluster.update(index="old", id="1", body=body, params=routing)
                if hit["_id"] == "2":
                    cluster.delete(index="old", id="2", params=routing)
                yield hit

        monkeypatch.setattr(retagging, "scan", scan)
        (report,) = carry_out(cluster, settings, plan(cluster, settings, "old", Wish())).values()
        assert (report.overtaken, report.tagged) == (2, 1)
        assert _source(cluster, "1")["tags_manual"] == ["meanwhile"]
        assert not cluster.exists(index="old", id="2", params={"routing": "r2"})

    def test_stopped_it_goes_on_with_what_is_not_done(
        self, cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wish = Wish(everything=True)
        _stopped(cluster, settings, wish, monkeypatch, after=3)
        # What the pipeline does with another index changes no tag of this one.
        cluster.indices.create(
            index="another", body={"mappings": {"properties": {"other": {"type": "text"}}}}
        )
        attach(cluster, plan_attach(cluster, "another", ["other"], keep_own_tags=True))
        report = _retagged(cluster, settings, wish)
        assert (report.resumed_after, report.documents) == (3, 4)
        report = _retagged(cluster, settings, wish)
        assert (report.resumed_after, report.documents) == (0, 4)

    def test_stopped_it_finds_what_became_pending_before_the_last_id_that_is_done(
        self, cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for id_ in TEXTS:
            _make_pending(cluster, id_)
        wish = Wish(pending=True)
        _stopped(cluster, settings, wish, monkeypatch, after=2)
        cluster.index(index="old", id="0", body={"text": "chess"}, params={"routing": "r0"})
        _make_pending(cluster, "0")
        report = _retagged(cluster, settings, wish)
        counts = (report.resumed_after, report.documents, report.tagged, report.untagged)
        assert counts == (2, 5, 4, 1)
        assert _source(cluster, "0")["tagging"]["status"] == "tagged"

    def test_stopped_it_starts_again_if_the_labels_changed(
        self, cluster: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch, lmtx: Run
    ) -> None:
        wish = Wish(everything=True)
        _stopped(cluster, settings, wish, monkeypatch, after=3)
        lmtx("labels", "rename", "game::chess", "Board game")
        report = _retagged(cluster, settings, wish)
        assert (report.resumed_after, report.documents) == (0, 4)
        assert "Board game" in _source(cluster, "1")["tags"]

    def test_an_alias_stands_for_its_indices_and_a_bad_wish_is_one_clear_line(
        self, cluster: Any, settings: Settings, lmtx: Run
    ) -> None:
        index_documents(cluster, "new", [{"id": "9", "text": "chess"}])
        for index in ("old", "new"):
            cluster.indices.put_alias(index=index, name="both")
        found = {target.index: target.pipeline for target in targets(cluster, "both")}
        assert found == {"new": "lmtx-tagging", "old": "_none"}
        cluster.indices.create(index="plain")
        some = {"filter": {"term": {"lang": "en"}}}
        cluster.indices.put_alias(index="old", name="english", body=some)
        cut = {"mappings": {"_source": {"excludes": ["text"]}}}
        cluster.indices.create(index="cut", body=cut)
        for index, message in {
            "plain": "attach plain",
            "cut": "_source is filtered",
            "lmtx-runs": "own index",
            "none": "no index none",
            "english": "the alias english shows only a part of old",
        }.items():
            done = lmtx("retag", "--index", index)
            assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
            assert message in done.stderr
        with pytest.raises(UserError, match="not a tagger version"):
            plan(cluster, settings, "old", Wish(since="yesterday"))
        broken = lmtx("retag", "--index", "old", "--query", "text:(")
        assert (broken.returncode, broken.stderr.count("\n")) == (2, 1), broken.stderr


@pytest.mark.integration
def test_without_the_service_it_stops_and_pending_documents_are_tagged_later(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str]
) -> None:
    bootstrap(client, settings, lmtx)
    with running(environment):
        first = deployed(client, settings)
        index_documents(client, "articles", [{"id": "1", "text": "plays chess"}])
    index_documents(client, "articles", [{"id": "2", "text": "plays chess"}])
    made = plan(client, settings, "articles", Wish(everything=True))
    (shown,) = preview(client, made)
    assert (shown.sample, shown.sample_changed, shown.sample_pending) == (2, 0, 2)
    assert sum(shown.reasons.values()) == 2
    told = lmtx("retag", "--index", "articles", "--everything", "--dry-run").stdout
    assert "2 of the sample would be pending, because the tagger does not answer" in told
    with pytest.raises(LmtxError, match="the tagger does not answer"):
        carry_out(client, settings, made)
    assert client.get(index="articles", id="1")["_source"]["tags"][0] == "Chess"
    with running(environment):
        done = lmtx("retag", "--index", "articles", "--pending")
        assert "2 documents, 2 tagged" in done.stdout, done.stderr
        second = deployed(client, settings)
        index_documents(client, "articles", [{"id": "3", "text": "plays chess"}])
        since = lmtx("retag", "--index", "articles", "--since", second.version, "--dry-run")
        assert "0 documents would be" in since.stdout
        lmtx("rollback")
        since = lmtx("retag", "--index", "articles", "--since", second.version)
        assert "1 documents, 1 tagged by " + first.version in since.stdout


def _stopped(
    client: Any, settings: Settings, wish: Wish, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Stop a retag after so many documents, which are finished."""
    read = retagging.scan

    def scan(*args: Any, **options: Any) -> Iterator[dict[str, Any]]:
        for number, hit in enumerate(read(*args, **options)):
            if number == after:
                raise KeyboardInterrupt
            yield hit

    with monkeypatch.context() as patched:
        patched.setattr(bulk, "CHUNK_ITEMS", 1)
        patched.setattr(retagging, "scan", scan)
        patched.setattr(retagging, "send_chunks", _one_by_one)
        with pytest.raises(KeyboardInterrupt):
            carry_out(client, settings, plan(client, settings, "old", wish))


def _retagged(client: Any, settings: Settings, wish: Wish) -> retagging.RetagReport:
    (report,) = carry_out(client, settings, plan(client, settings, "old", wish)).values()
    return report


def _make_pending(client: Any, id_: str) -> None:
    """Mark a document as pending; no pipeline runs on such an update."""
    head = {"update": {"_index": "old", "_id": id_, "routing": f"r{id_}"}}
    body = [head, {"doc": {"tagging": {"status": "pending"}}}]
    assert not client.bulk(body=body, params={"refresh": "true"})["errors"]


def _one_by_one(client: Any, chunks: Any, index: str, **options: Any) -> Iterator[Any]:
    """Send each chunk only when the one before is done."""
    for chunk in chunks:
        yield from bulk.send_chunks(client, [chunk], index, **options)


def _source(client: Any, id_: str) -> dict[str, Any]:
    found = client.get(index="old", id=id_, params={"routing": f"r{id_}"})["_source"]
    assert isinstance(found, dict)
    return found
