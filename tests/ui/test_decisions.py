"""What decisions of one and of two people write, on a real cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from opensearchpy import AuthorizationException, ConnectionTimeout
from starlette.testclient import TestClient

from lmtx_search.cluster.decisions import records as decision_records
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.facets.recent_sample import sample_tagged
from lmtx_search.cluster.facets.untouched import count_untouched
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import put_pipeline, tagging_pipeline, untagged_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.records import PERSON, Label
from lmtx_search.rules import Rules
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.tagging.deployment.options import Runtime
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.ui.app import create_app
from lmtx_search.ui.decisions import Decisions, text_digest
from lmtx_search.ui.library import Library
from lmtx_search.untouched import Untouched
from tests.conftest import Run
from tests.support.live_tagger import OPTIONS, deployed, index_documents, load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS, running
from tests.support.tiny_tagger import version_of

pytestmark = pytest.mark.integration

PeopleOf = Callable[[str], "Person"]


class Person:
    """Somebody at the page."""

    def __init__(self, page: TestClient, name: str) -> None:
        self.page = page
        self._headers = {"X-User": name}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.page.post(f"/api/{path}", json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def documents(self, **asked: str) -> dict[str, Any]:
        answer = self.page.get("/api/documents", params=asked, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def queue(self, label: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.post("queue", {"label": label})["found"]
        return found

    def decide(self, decision: str, tag: str, documents: list[dict[str, Any]]) -> Any:
        body = {"tag": tag, "decision": decision, "documents": documents}
        return self.post("decisions", body)


@pytest.fixture
def people(client: Any, settings: Any) -> PeopleOf:
    """Editors at the page of the index `articles`; the cluster has labels and no tagger."""
    apply(client, plan(client, settings))
    load_labels(client, settings, LABELS)
    prepare_tagged_index(client, "articles")
    own = settings.ui.model_copy(update={"user_header": "X-User", "editors": ("*",)})
    app = create_app(settings.model_copy(update={"ui": own}), "articles")
    page = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    return lambda name: Person(page, name)


def source(client: Any, id_: str) -> dict[str, Any]:
    return dict(client.get(index="articles", id=id_)["_source"])


def opinions(client: Any) -> dict[tuple[str, str], float]:
    found = JudgmentStore(client).of(PERSON)
    return {(one.document_id, one.label_id): one.p_yes for one in found}


def records(client: Any) -> list[dict[str, Any]]:
    body = {"query": {"term": {"kind": "decision"}}, "sort": ["at"]}
    hits = client.search(index="lmtx-decisions", body=body)["hits"]["hits"]
    return [hit["_source"] for hit in hits]


def test_a_decision_changes_the_document_is_recorded_and_teaches(
    client: Any, settings: Any, people: PeopleOf
) -> None:
    other = {"kept": [{"a": "b", "n": 1}]}
    document = tagged("d1", {"Web browser": 0.6}, {"Chess": 0.4}, other=other)
    index_tagged(client, "articles", [document])
    anna = people("anna")
    (shown,) = anna.queue()
    assert [one["tag"] for one in shown["open"]] == ["Chess", "Web browser"]
    assert anna.decide("accept", "Chess", [shown])["learned"] == 1
    assert anna.decide("reject", "Web browser", [shown])["learned"] == 1
    assert source(client, "d1") == {
        **document,
        "tags": [],
        "tag_scores": [],
        "tags_suggested": [],
        "suggestion_scores": [],
        "tags_manual": ["Chess"],
        "tags_rejected": ["Web browser"],
    }
    assert [(one["by"], one["decision"], one["tag"]) for one in records(client)] == [
        ("anna", "accept", "Chess"),
        ("anna", "reject", "Web browser"),
    ]
    assert anna.queue() == []

    # What training reads: the document is there now, and the answers are about its text.
    fields = settings.documents.text_fields
    documents = list(read_documents(client, "lmtx-documents", fields))
    labels = {label.id: label for label in LabelIndex(client).labels()}
    taught = prefer_people({}, JudgmentStore(client).of(PERSON), documents, labels)
    assert taught == {"d1": {"game::chess": 1.0, "web": 0.0}}


def test_documents_that_are_never_touched_are_counted_and_stay_as_they_are(
    client: Any, people: PeopleOf
) -> None:
    documents = [
        tagged("d1", {"Web browser": 0.6}, {"Chess": 0.4}, embargo=True),
        tagged("d2", {"Web browser": 0.6}, {"Chess": 0.4}),
    ]
    index_tagged(client, "articles", documents)
    anna = people("anna")
    before = {one["id"]: one for one in anna.queue()}
    untouched = Untouched.of('{"exists": {"field": "embargo"}}')
    put_pipeline(client, untagged_pipeline(untouched=untouched))

    page = anna.post("queue", {"label": None})
    assert ([one["id"] for one in page["found"]], page["untouched"]) == (["d2"], 1)
    assert page["labels"] == [{"tag": "Chess", "count": 1}]
    (result,) = anna.decide("accept", "Chess", [before["d1"]])["results"]
    assert result["problem"].startswith("It is never touched (documents.untouched_query)")
    assert source(client, "d1") == documents[0]
    (watched,) = sample_tagged(client, "articles", ["text"], 10, seed=0)
    assert (watched.document.id, count_untouched(client, "articles")) == ("d2", 1)


def test_an_index_with_text_fields_of_its_own_is_shown_and_decided_on_by_these(
    client: Any, settings: Any, people: PeopleOf
) -> None:
    document = {**tagged("d1", {}, {"Chess": 0.4}), "body": "About kings\nand pawns"}
    del document["title"], document["text"]
    index_tagged(client, "articles", [document])
    pipeline = tagging_pipeline("t1", "a-model", ["title", "text"], {"articles": ["body"]})
    client.ingest.put_pipeline(id="lmtx-tagging", body=pipeline)
    anna = people("anna")
    (found,) = Library(settings, "articles").search("", [])["found"]
    assert (found["title"], found["text"]) == ("About kings", "and pawns")
    assert (found["explainable"], found["judgeable"]) == (True, False)
    (shown,) = anna.queue()
    assert (shown["title"], shown["text"]) == ("About kings", "and pawns")
    changed = [{"update": {"_id": "d1"}}, {"doc": {"body": "Other"}}]
    client.bulk(body=changed, index="articles", refresh=True)
    told = anna.decide("accept", "Chess", [shown])
    assert told["results"][0]["problem"].startswith("Its text has changed")
    told = anna.decide("accept", "Chess", anna.queue())
    assert (told["results"][0]["problem"], told["learned"]) == (None, 0)


def test_many_documents_are_decided_on_and_undone_together(client: Any, people: PeopleOf) -> None:
    documents = [tagged(f"d{n:02}", {}, {"Chess": 0.5 + n / 100}) for n in range(45)]
    index_tagged(client, "articles", documents)
    anna = people("anna")
    shown = anna.queue("Chess")
    assert [one["id"] for one in shown[:2]] == ["d44", "d43"]
    told = anna.decide("accept", "Chess", shown)
    assert (len(told["results"]), told["learned"]) == (40, 40)
    assert {one["problem"] for one in told["results"]} == {None}
    assert len(opinions(client)) == 40
    assert len(anna.queue("Chess")) == 5
    assert len(anna.post("decisions/undo", {})["undone"]) == 40
    assert [source(client, one["id"]) for one in documents] == [
        {**one, "tags_manual": []} if one["id"] >= "d05" else one for one in documents
    ]
    assert opinions(client) == {}
    assert all("undone_at" in one for one in records(client))
    assert anna.post("decisions/undo", {})["tag"] is None


@pytest.mark.parametrize("block", ["index.blocks.read", "index.blocks.write"])
def test_a_decision_is_recorded_although_its_judgment_cannot_be_kept(
    client: Any, people: PeopleOf, block: str
) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.4})])
    anna = people("anna")
    (shown,) = anna.queue()
    client.indices.put_settings(index="lmtx-judgments", body={block: True})
    told = anna.decide("accept", "Chess", [shown])
    client.indices.put_settings(index="lmtx-judgments", body={block: None})
    assert (told["results"][0]["problem"], told["learned"]) == (None, 0)
    assert "lmtx-judgments" in told["not_learned"]
    assert source(client, "d1")["tags_manual"] == ["Chess"]
    assert [one["tag"] for one in records(client)] == ["Chess"]
    assert len(anna.post("decisions/undo", {})["undone"]) == 1
    assert source(client, "d1")["tags_manual"] == []


def test_a_decision_that_cannot_be_recorded_changes_nothing(client: Any, people: PeopleOf) -> None:
    document = tagged("d1", {"Web browser": 0.6}, {"Chess": 0.4})
    index_tagged(client, "articles", [document])
    anna = people("anna")
    (shown,) = anna.queue()
    client.indices.put_settings(index="lmtx-decisions", body={"index.blocks.write": True})
    with pytest.raises(AssertionError, match="lmtx-decisions"):
        anna.decide("reject", "Web browser", [shown])
    client.indices.put_settings(index="lmtx-decisions", body={"index.blocks.write": None})
    assert source(client, "d1") == {**document, "tags_rejected": []}
    assert opinions(client) == {}


def test_a_tag_that_is_already_manual_survives_a_decision_that_cannot_be_recorded(
    client: Any, people: PeopleOf
) -> None:
    document = tagged("d1", {}, {"Web browser": 0.4}, tags_manual=["Chess"])
    index_tagged(client, "articles", [document])
    anna = people("anna")
    (shown,) = anna.queue()
    client.indices.put_settings(index="lmtx-decisions", body={"index.blocks.write": True})
    with pytest.raises(AssertionError, match="lmtx-decisions"):
        anna.decide("accept", "Chess", [shown])
    client.indices.put_settings(index="lmtx-decisions", body={"index.blocks.write": None})
    assert source(client, "d1") == document


def test_a_decision_that_may_be_written_is_recorded_and_can_be_undone(
    client: Any, settings: Any, people: PeopleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.4})])
    decisions = Decisions(client, settings, "articles")
    people("anna")
    place, bulk, mget = Place("articles", "d1"), client.bulk, client.mget

    def refused_once(**_: Any) -> None:
        monkeypatch.setattr(client, "mget", mget)
        raise AuthorizationException(403, "security_exception", {})

    def answered_too_late(**request: Any) -> None:
        bulk(**request)
        monkeypatch.setattr(client, "bulk", bulk)
        raise ConnectionTimeout("TIMEOUT", "no answer", Exception())

    monkeypatch.setattr(client, "bulk", answered_too_late)
    monkeypatch.setattr(client, "mget", refused_once)
    digest = text_digest(source(client, "d1"), settings.documents.text_fields)
    told = decisions.decide("anna", "Chess", "accept", {place: digest})
    assert told["results"][0]["problem"].startswith("It may be decided")
    assert [one["tag"] for one in records(client)] == ["Chess"]
    assert len(decisions.undo("anna")["undone"]) == 1
    assert source(client, "d1")["tags_suggested"] == ["Chess"]


def test_documents_in_which_an_unrecorded_decision_cannot_be_taken_back_are_named(
    client: Any, people: PeopleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.4})])
    anna = people("anna")
    (shown,) = anna.queue()
    block, keep = {"index.blocks.write": True}, decision_records.keep

    def blocked_by_now(*arguments: Any) -> None:
        client.indices.put_settings(index="lmtx-decisions,articles", body=block)
        keep(*arguments)

    monkeypatch.setattr(decision_records, "keep", blocked_by_now)
    with pytest.raises(AssertionError, match=r"lmtx-decisions.*not recorded.*documents.*: d1"):
        anna.decide("accept", "Chess", [shown])


def test_a_decision_follows_the_rules_of_the_documents_tagger_at_once(
    client: Any, settings: Any, people: PeopleOf
) -> None:
    rules = Rules(exclude=(("game::chess", "web"),), imply=(("game::chess", "mail-1"),))
    made = version_of(settings.data_dir, labels=list(LABELS), rules=rules, max_tags=9)
    document = tagged("d1", {"Web browser": 0.6}, {"Chess": 0.4})
    document["tagging"] |= {"tagger": made.manifest.version}
    of_another = tagged("d2", {"Web browser": 0.6}, {"Chess": 0.4})
    index_tagged(client, "articles", [document, of_another])
    anna = people("anna")
    shown = {one["id"]: one for one in anna.queue()}
    told = anna.decide("accept", "Chess", [shown["d1"]])
    assert (told["results"][0]["left_out"], told["not_followed"]) == (["Web browser"], "")
    now = source(client, "d1")
    assert (now["tags"], now["tags_manual"]) == (["Mail (mail-1)"], ["Chess"])
    anna.post("decisions/undo", {})
    assert source(client, "d1") == {**document, "tags_manual": []}
    pipeline = tagging_pipeline("t1", "a-model", ["title", "text"], rules=rules)
    client.ingest.put_pipeline(id="lmtx-tagging", body=pipeline)
    told = anna.decide("accept", "Chess", [shown["d2"]])
    assert "this machine does not have the tagger t1" in told["not_followed"]
    assert source(client, "d2")["tags"] == ["Web browser"]


def test_undo_brings_an_earlier_judgment_back(client: Any, people: PeopleOf) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.4})])
    anna = people("anna")
    (shown,) = anna.queue()
    anna.decide("accept", "Chess", [shown])
    anna.decide("reject", "Chess", [shown])
    assert opinions(client) == {("d1", "game::chess"): 0.0}
    assert source(client, "d1")["tags_rejected"] == ["Chess"]
    anna.post("decisions/undo", {})
    assert opinions(client) == {("d1", "game::chess"): 1.0}
    assert source(client, "d1")["tags_manual"] == ["Chess"]


def test_a_label_that_shares_its_text_is_found_by_letters_and_has_a_tag_of_its_own(
    people: PeopleOf,
) -> None:
    page = people("anna").page
    headers = {"X-User": "anna"}
    found = page.get("/api/labels", params={"q": "mai"}, headers=headers).json()["labels"]
    tags = [
        page.get("/api/tag", params={"label": one["id"]}, headers=headers).json()["tag"]
        for one in found
        if one["text"] == "Mail"
    ]
    assert sorted(tags) == ["Mail (mail-1)", "Mail (mail-2)"]
    gone = page.get("/api/tag", params={"label": "none"}, headers=headers)
    assert gone.status_code == 400
    assert "there is no longer a label none" in gone.json()["error"]


def test_two_people_get_different_documents(client: Any, people: PeopleOf) -> None:
    index_tagged(client, "articles", [tagged(f"d{n:02}", {}, {"Chess": 0.5}) for n in range(30)])
    anna, ben = people("anna"), people("ben")
    hers, his = anna.queue(), ben.queue()
    assert (len(hers), len(his)) == (20, 10)
    assert {one["id"] for one in hers}.isdisjoint(one["id"] for one in his)
    assert [one["id"] for one in anna.queue()] == [one["id"] for one in hers]  # she continues
    assert ben.post("queue/claims", {"documents": hers[:1]})["lost"] == [
        {key: hers[0][key] for key in ("index", "id", "routing")}
    ]


def test_nobody_overrules_somebody_else_by_accident(client: Any, people: PeopleOf) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.5})])
    anna, ben = people("anna"), people("ben")
    (shown,) = anna.queue()
    anna.decide("accept", "Chess", [shown])
    (result,) = ben.decide("reject", "Chess", [shown])["results"]
    assert result["problem"].startswith("anna accepted it at 20")
    assert result["problem"].endswith("Nothing was changed.")
    assert source(client, "d1")["tags_manual"] == ["Chess"]
    assert opinions(client) == {("d1", "game::chess"): 1.0}
    assert ben.post("decisions/undo", {})["tag"] is None  # what others decided is theirs to undo


def test_a_document_whose_text_has_changed_is_shown_again_first(
    client: Any, people: PeopleOf
) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.5})])
    anna = people("anna")
    (shown,) = anna.queue()
    client.bulk(body=[{"update": {"_id": "d1"}}, {"doc": {"text": "Another"}}], index="articles")
    (result,) = anna.decide("accept", "Chess", [shown])["results"]
    assert result["problem"].startswith("Its text has changed")
    assert "tags_manual" not in source(client, "d1")
    assert records(client) == []


def test_documents_of_other_indices_cannot_be_reached(client: Any, people: PeopleOf) -> None:
    index_tagged(client, "articles", [tagged("d1", {}, {"Chess": 0.5})])
    client.index(index="private", id="d1", body={"title": "x"}, params={"refresh": "true"})
    anna = people("anna")
    (shown,) = anna.queue()
    (result,) = anna.decide("accept", "Chess", [{**shown, "index": "private"}])["results"]
    assert result["problem"] == "It was deleted."
    assert client.get(index="private", id="d1")["_source"] == {"title": "x"}


def test_a_cluster_of_an_earlier_release_is_one_clear_line(client: Any, people: PeopleOf) -> None:
    client.indices.delete(index="lmtx-decisions")
    page = people("anna").page
    answer = page.post("/api/queue", json={}, headers={"X-User": "anna"})
    assert answer.status_code == 400
    assert "run `lmtx-search bootstrap-index`" in answer.json()["error"]
    assert not client.indices.exists(index="lmtx-decisions")


def test_decisions_survive_retag_another_deployment_and_reindexing(
    client: Any, settings: Any, environment: dict[str, str], lmtx: Run, people: PeopleOf
) -> None:
    text = "A program that plays chess against you"
    anna = people("anna")
    with running(environment):
        deployed(client, settings)
        index_documents(client, "articles", [{"id": "d1", "title": "Knights", "text": text}])
        assert "Chess" in source(client, "d1")["tags"]
        shown = {"index": "articles", "id": "d1", "routing": None}
        digest = anna_digest(client, settings)
        anna.decide("reject", "Chess", [{**shown, "digest": digest}])
        anna.decide("accept", "Mail (mail-1)", [{**shown, "digest": digest}])

        def holds(index: str) -> None:
            found = client.get(index=index, id="d1")["_source"]
            assert found["tagging"]["status"] == "tagged"
            assert found["tags_rejected"] == ["Chess"]
            assert found["tags_manual"] == ["Mail (mail-1)"]
            assert "Chess" not in found["tags"]
            assert "Chess" not in [one["tag"] for one in found["tag_scores"]]

        holds("articles")
        done = lmtx("retag", "--index", "articles", "--everything")
        assert done.returncode == 0, done.stderr
        holds("articles")
        deployed(client, settings)
        done = lmtx("retag", "--index", "articles", "--everything")
        assert done.returncode == 0, done.stderr
        holds("articles")
        prepare_tagged_index(client, "copies")
        body = {"source": {"index": "articles"}, "dest": {"index": "copies"}}
        client.reindex(body=body, params={"refresh": "true"})
        holds("copies")


def anna_digest(client: Any, settings: Any) -> str:
    """Return what the page knows of the text of the document d1."""
    from lmtx_search.ui.decisions import text_digest

    return text_digest(source(client, "d1"), settings.documents.text_fields)


def test_labels_that_only_a_rejected_tag_brought_leave_at_once_and_come_back(
    client: Any, settings: Any, people: PeopleOf
) -> None:
    tree = [
        Label("games", "Games"),
        Label("board", "Board games", broader=("games",)),
        Label("go", "Go", broader=("board",)),
        Label("cards", "Cards", broader=("games",)),
    ]
    load_labels(client, settings, [*LABELS, *tree])
    document = tagged("d1", {"Go": 0.6, "Cards": 0.5}, tags_broader=["Games", "Board games"])
    index_tagged(client, "articles", [document])
    anna = people("anna")
    (shown,) = anna.queue()
    assert anna.decide("reject", "Go", [shown])["results"][0]["problem"] is None
    assert source(client, "d1")["tags_broader"] == ["Games"]
    anna.decide("reject", "Cards", [shown])
    assert source(client, "d1")["tags_broader"] == []
    anna.post("decisions/undo", {})
    assert source(client, "d1")["tags_broader"] == ["Games"]
    anna.post("decisions/undo", {})
    assert source(client, "d1") == {**document, "tags_rejected": []}


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_labels_that_only_a_rejected_tag_brought_stay_away_in_later_taggings(
    client: Any, settings: Any, environment: dict[str, str], lmtx: Run, runtime: Runtime
) -> None:
    apply(client, plan(client, settings))
    chess = Label("c", "Chess", "The board game", broader=("board",))
    mail = Label("m", "Mail", "Electronic mail", broader=("programs",))
    board = Label("board", "tabletop", broader=("programs",))
    load_labels(client, settings, [chess, mail, board, Label("programs", "software")])
    documents = settings.documents.model_copy(update={"broader_tags": True})
    settings = settings.model_copy(update={"documents": documents})
    options = replace(OPTIONS, runtime=runtime, threshold=0.45)
    text = "plays chess, reads mail"

    def broader(index: str) -> list[str]:
        found = client.get(index=index, id="d1")["_source"]
        assert found["tagging"]["status"] == "tagged"
        return list(found.get("tags_broader", []))

    with running(environment):
        deploy(client, settings, untrained_source(settings), options)
        index_documents(client, "articles", [{"id": "d1", "text": text}])
        assert source(client, "d1")["tags"] == ["Chess", "Mail"]
        assert broader("articles") == ["software", "tabletop"]
        for rejected, left in ((["Chess"], ["software"]), (["Chess", "Mail"], [])):
            client.update(index="articles", id="d1", body={"doc": {"tags_rejected": rejected}})
            client.indices.refresh(index="articles")
            done = lmtx("retag", "--index", "articles", "--everything")
            assert done.returncode == 0, done.stderr
            assert broader("articles") == left
        client.update(index="articles", id="d1", body={"doc": {"tags_rejected": ["Chess"]}})
        client.indices.refresh(index="articles")
        prepare_tagged_index(client, "copies")
        body = {"source": {"index": "articles"}, "dest": {"index": "copies"}}
        client.reindex(body=body, params={"refresh": "true"})
        assert broader("copies") == ["software"]


def test_an_accepted_suggestion_is_a_tag_and_its_undo_undoes_the_decision(
    client: Any, people: PeopleOf
) -> None:
    # As documents.review_first leaves them: nothing is applied.
    documents = [tagged("d1", {}, {"Chess": 0.4}), tagged("d2", {}, {"Web browser": 0.3})]
    index_tagged(client, "articles", documents)
    anna, ben = people("anna"), people("ben")
    assert anna.decide("accept", "Chess", anna.queue("Chess"))["learned"] == 1

    page = anna.documents(tag="Chess")
    assert (page["documents"], page["tags"]) == (1, [{"tag": "Chess", "count": 1}])
    (shown,) = page["found"]
    (tag,) = shown["tags"]
    assert (tag["given"], tag["accepted_by"], tag["said"]) == (True, "anna", "yes")
    assert (shown["missing"], shown["suggested"]) == ([], [])

    asked = {"tag": "Chess", "documents": [shown["place"]]}
    told = ben.post("decisions/withdraw", asked)
    assert told["problem"].startswith("anna accepted it at ")
    withdrawn = anna.post("decisions/withdraw", asked)
    assert (withdrawn["problem"], withdrawn["applied"]) == (None, False)
    assert source(client, "d1") == {**documents[0], "tags_manual": []}
    assert opinions(client) == {}
    assert anna.documents(tag="Chess")["documents"] == 0


def test_a_tag_of_tagger_and_person_is_shown_once_and_who_gave_it_if_that_is_known(
    client: Any, people: PeopleOf
) -> None:
    document = tagged("d1", {"Chess": 0.9, "Web browser": 0.8}, tags_manual=["Web browser", "Own"])
    index_tagged(client, "articles", [document])
    anna = people("anna")
    (shown,) = anna.documents()["found"]
    anna.decide("accept", "Chess", [shown["place"]])

    def given() -> list[tuple[str, bool, str | None]]:
        (shown,) = anna.documents()["found"]
        return [(tag["tag"], tag["given"], tag["accepted_by"]) for tag in shown["tags"]]

    unknown = [("Web browser", True, None), ("Own", True, None)]
    assert given() == [("Chess", True, "anna"), *unknown]
    client.indices.delete(index="lmtx-decisions")
    assert given() == [("Chess", True, None), *unknown]
