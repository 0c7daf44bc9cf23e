"""Decisions when labels or documents change afterwards, on a real cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import labels_and_tags
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.records import PERSON
from lmtx_search.settings import Settings
from lmtx_search.tagging.history.read import read_history
from lmtx_search.ui.decisions import Decisions, text_digest
from lmtx_search.ui.queue import Queue
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed, index_documents, load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS, running

pytestmark = pytest.mark.integration


def source(client: Any, id_: str) -> dict[str, Any]:
    return dict(client.get(index="articles", id=id_)["_source"])


def decide(
    client: Any, settings: Settings, decision: Any, tag: str, id_: str, problem: str | None = None
) -> Decisions:
    decisions = Decisions(client, settings, "articles")
    digest = text_digest(source(client, id_), settings.documents.text_fields)
    told = decisions.decide("anna", tag, decision, {Place("articles", id_): digest})
    found = told["results"][0]["problem"]
    assert found == problem if problem is None else found.startswith(problem)
    return decisions


@pytest.fixture
def articles(client: Any, settings: Settings) -> None:
    """Documents with the suggestion "Chess", and labels; the cluster has no tagger."""
    apply(client, plan(client, settings))
    load_labels(client, settings, LABELS)
    prepare_tagged_index(client, "articles")
    index_tagged(
        client,
        "articles",
        [
            tagged("d1", {}, {"Chess": 0.4}),
            tagged("d2", {}, {"Chess": 0.4}),
            tagged("d3", {}, {}, tags_manual=["Chess", "Own"]),
        ],
    )


def test_decisions_follow_a_label_that_is_renamed_and_can_still_be_undone(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    decisions = decide(client, settings, "reject", "Chess", "d2")
    done = lmtx("labels", "rename", "game::chess", "Chess games")
    assert done.returncode == 0, done.stderr
    assert "follow the labels' new names in 2 documents (Chess is now Chess games)" in done.stdout
    assert source(client, "d1")["tags_manual"] == ["Chess games"]
    assert source(client, "d2")["tags_rejected"] == ["Chess games"]
    # No recorded decision wrote this value, so it may mean something else.
    assert source(client, "d3")["tags_manual"] == ["Chess", "Own"]
    assert [one["id"] for one in decisions.undo("anna")["undone"]] == ["d2"]
    assert source(client, "d2")["tags_rejected"] == []


def test_decisions_follow_a_label_when_another_one_gets_its_text_and_goes_again(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "reject", "Chess", "d2")
    added = lmtx("labels", "add", "chess-2", "Chess").stdout
    assert "The tag of chess-2 is Chess (chess-2), because other labels share its text" in added
    assert "The tag of game::chess is now Chess (game::chess) instead of Chess" in added
    assert source(client, "d2")["tags_rejected"] == ["Chess (game::chess)"]
    assert lmtx("labels", "retire", "chess-2", "--yes").returncode == 0
    assert source(client, "d2")["tags_rejected"] == ["Chess"]


def test_decisions_follow_a_label_in_the_index_to_which_documents_moved(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    decide(client, settings, "reject", "Chess", "d2")
    mapping = client.indices.get_mapping(index="articles")["articles"]["mappings"]
    for index in ("articles-2", "other"):
        client.indices.create(index=index, body={"mappings": mapping})
    body = {"source": {"index": "articles"}, "dest": {"index": "articles-2"}}
    client.reindex(body=body, params={"refresh": "true"})
    client.delete(index="articles-2", id="d2", params={"refresh": "true"})
    client.indices.delete(index="articles")
    done = lmtx("labels", "rename", "game::chess", "Chess games")
    lost = "2 decisions of people keep the earlier names of tags: the index articles is gone"
    assert lost in done.stdout
    # A program that wrote the same name has not made the decision.
    attached = {"index": "other", "id": "d1", "body": {"tags_manual": ["Own"]}}
    client.index(**attached, params={"refresh": "true", "pipeline": "_none"})
    for index in ("articles-2", "other"):
        assert lmtx("attach", index, "--text-field", "text").returncode == 0
    notes = " ".join(follow_names(client))
    assert "in 1 documents (Chess is now Chess games)" in notes
    one = "1 decision of a person keeps the earlier name of its tag: the index articles is gone"
    assert one in notes
    there = client.get(index="articles-2", id="d1")["_source"]
    assert there["tags_manual"] == ["Chess games"]
    assert client.get(index="other", id="d1")["_source"]["tags_manual"] == ["Own"]
    # A document that is there without the tag is not lost.
    body = {"tags_rejected": []}
    client.index(index="other", id="d2", body=body, params={"refresh": "true", "pipeline": "_none"})
    assert follow_names(client) == []
    assert {tag for _, tag in labels_and_tags(client)} == {"Chess games"}


@pytest.mark.parametrize("former", ["deleted", "closed", "kept"])
def test_decisions_stay_with_documents_that_a_reindex_put_behind_an_alias(
    articles: None, client: Any, settings: Settings, former: str
) -> None:
    decide(client, settings, "reject", "Web browser", "d1")
    decide(client, settings, "accept", "Chess", "d1")
    prepare_tagged_index(client, "articles-2")
    body = {"source": {"index": "articles"}, "dest": {"index": "articles-2", "pipeline": "_none"}}
    client.reindex(body=body, params={"refresh": "true"})
    name = "articles" if former == "deleted" else "library"
    if former == "deleted":
        client.indices.delete(index="articles")
    if former == "closed":
        client.indices.close(index="articles")
    client.indices.put_alias(index="articles-2", name=name)

    found = read_history(client, settings, name, "d1")
    assert [event.what for event in found.events if event.kind == "decided"] == [
        "anna rejected Web browser (in the index articles)",
        "anna accepted Chess (in the index articles)",
    ]
    assert Queue(client, settings.documents, name).page("anna")["decided"] == 2
    here, place = Decisions(client, settings, name), Place("articles-2", "d1")
    there = client.get(index="articles-2", id="d1")["_source"]
    digest = text_digest(there, settings.documents.text_fields)
    (told,) = here.decide("ben", "Chess", "reject", {place: digest})["results"]
    assert told["problem"].startswith("anna accepted it at 20")
    undone = here.undo("anna")
    assert (undone["tag"], [one["index"] for one in undone["undone"]]) == ("Chess", ["articles-2"])
    assert client.get(index="articles-2", id="d1")["_source"]["tags_manual"] == []
    assert here.undo("anna")["tag"] == "Web browser"
    assert here.undo("anna")["tag"] is None
    kept = former == "kept"
    told = "The decision stays in the index articles, and training learns from it: undo it there."
    assert undone["problems"] == ([told] if kept else [])
    assert len(JudgmentStore(client).of(PERSON)) == (2 if kept else 0)
    if kept:
        assert Decisions(client, settings, "articles").undo("anna")["tag"] == "Chess"
        assert source(client, "d1")["tags_manual"] == []


def test_decisions_on_another_document_of_the_same_id_are_its_own(
    articles: None, client: Any, settings: Settings
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    prepare_tagged_index(client, "letters")
    letter = tagged("d1", {}, {}, tags_manual=["Chess"], title="A letter", text="Dear Ben")
    index_tagged(client, "letters", [letter])
    found = read_history(client, settings, "letters", "d1")
    assert [event for event in found.events if event.kind == "decided"] == []
    assert Queue(client, settings.documents, "letters").page("anna")["decided"] == 0
    assert Decisions(client, settings, "letters").undo("anna")["tag"] is None


@pytest.mark.parametrize("former", ["deleted", "closed"])
def test_the_history_of_a_document_is_without_decisions_on_one_that_had_its_id(
    articles: None, client: Any, settings: Settings, former: str
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    prepare_tagged_index(client, "letters")
    index_tagged(client, "letters", [tagged("d1", {}, {"Chess": 0.4}, text="Dear Ben")])
    change = client.indices.delete if former == "deleted" else client.indices.close
    change(index="articles")
    found = read_history(client, settings, "letters", "d1")
    assert [event for event in found.events if event.kind == "decided"] == []


def reindex(client: Any, target: str) -> None:
    """Copy the articles, as they are, into a new index."""
    mapping = client.indices.get_mapping(index="articles")["articles"]["mappings"]
    client.indices.create(index=target, body={"mappings": mapping})
    body = {"source": {"index": "articles"}, "dest": {"index": target}}
    client.reindex(body=body, params={"refresh": "true"})


def test_decisions_follow_a_label_in_a_copy_although_the_first_index_was_kept(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    decide(client, settings, "reject", "Chess", "d2")
    reindex(client, "articles-2")
    assert lmtx("attach", "articles-2", "--text-field", "text").returncode == 0
    done = lmtx("labels", "rename", "game::chess", "Chess games")
    assert "in 4 documents (Chess is now Chess games)" in done.stdout
    for index in ("articles", "articles-2"):
        assert client.get(index=index, id="d1")["_source"]["tags_manual"] == ["Chess games"]
        assert client.get(index=index, id="d2")["_source"]["tags_rejected"] == ["Chess games"]


def test_a_copy_that_cannot_be_written_is_tried_again(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "reject", "Chess", "d2")
    reindex(client, "articles-2")
    assert lmtx("attach", "articles-2", "--text-field", "text").returncode == 0
    block = {"index.blocks.write": True}
    client.indices.put_settings(index="articles-2", body=block)
    done = lmtx("labels", "rename", "game::chess", "Chess games")
    assert "stay in 1 documents of articles-2, for instance d2: " in done.stdout
    client.indices.put_settings(index="articles-2", body={"index.blocks.write": None})
    follow_names(client)
    there = client.get(index="articles-2", id="d2")["_source"]
    assert there["tags_rejected"] == ["Chess games"]


def test_decisions_on_deleted_documents_are_counted(
    articles: None, client: Any, settings: Settings, lmtx: Run
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    client.delete(index="articles", id="d1", params={"refresh": "true"})
    done = lmtx("labels", "rename", "game::chess", "Chess games")
    kept = "1 decision of a person keeps the earlier name of its tag: the documents are no longer"
    assert f"{kept} in articles" in done.stdout


def test_two_labels_may_exchange_their_names(
    articles: None, client: Any, settings: Settings, lmtx: Run, tmp_path: Path
) -> None:
    decide(client, settings, "accept", "Chess", "d1")
    decide(client, settings, "reject", "Web browser", "d1")
    rows = [{"id": "game::chess", "text": "Web browser"}, {"id": "web", "text": "Chess"}]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = lmtx("labels", "load", "labels.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    (note,) = json.loads(done.stdout)["notes"]
    assert "in 1 documents" in note
    found = source(client, "d1")
    assert (found["tags_manual"], found["tags_rejected"]) == (["Web browser"], ["Chess"])


def test_a_rejected_label_stays_away_after_it_was_renamed_and_documents_were_tagged_again(
    client: Any, settings: Settings, environment: dict[str, str], lmtx: Run
) -> None:
    bootstrap(client, settings, lmtx)
    with running(environment):
        deployed(client, settings)
        index_documents(client, "articles", [{"id": "d1", "text": "We play chess and like chess"}])
        assert source(client, "d1")["tags"] == ["Chess"]
        decide(client, settings, "reject", "Chess", "d1")
        assert lmtx("labels", "rename", "game::chess", "Chess games").returncode == 0
        done = lmtx("retag", "--index", "articles")
        assert done.returncode == 0, done.stderr
    found = source(client, "d1")
    assert "Chess games" not in [*found["tags"], *found.get("tags_suggested", [])]
    assert found["tags_rejected"] == ["Chess games"]


def test_undo_takes_a_judgment_back_although_the_document_was_written_anew(
    articles: None, client: Any, settings: Settings
) -> None:
    decisions = decide(client, settings, "accept", "Chess", "d1")
    assert len(JudgmentStore(client).of(PERSON)) == 1
    params = {"refresh": "true", "pipeline": "_none"}
    client.index(index="articles", id="d1", body=tagged("d1", {}, {"Chess": 0.4}), params=params)
    told = decisions.undo("anna")
    assert ([one["id"] for one in told["undone"]], told["problems"]) == (["d1"], [])
    assert list(JudgmentStore(client).of(PERSON)) == []


@pytest.mark.parametrize("tag", ["No such label", "Mail"])
def test_a_tag_that_no_label_has_is_not_decided_on(
    articles: None, client: Any, settings: Settings, tag: str
) -> None:
    before = source(client, "d1")
    decide(client, settings, "accept", tag, "d1", f"No label has the tag {tag}: it was renamed")
    assert source(client, "d1") == before
