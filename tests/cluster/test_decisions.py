"""The queue's order, claims and written decisions, on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest
from opensearchpy import AuthorizationException, ConnectionTimeout

from lmtx_search.cluster.decisions import claims
from lmtx_search.cluster.decisions.order import Place, label_weights, most_valuable
from lmtx_search.cluster.decisions.values import decided
from lmtx_search.cluster.decisions.worth import open_labels, worth_of
from lmtx_search.cluster.decisions.write import OVERTAKEN, Unsure, change, read_places
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.tag_fields import DEFAULT_FIELDS as FIELDS
from tests.support.suggestions import index_tagged, tagged

pytestmark = pytest.mark.integration


@pytest.fixture
def ready(client, settings):
    apply(client, plan(client, settings))
    prepare_tagged_index(client, "articles")
    return client


def ids(client: Any, **options: Any) -> list[str]:
    weights = label_weights(client, "articles")
    found = most_valuable(client, "articles", FIELDS, weights, 20, **options)
    return [place.id for place, _ in found]


def test_uncertain_suggestions_of_frequent_labels_come_first(ready):
    documents = [tagged(f"often-{n}", {"Chess": 0.95}, {"Web": 0.3}) for n in range(8)]
    documents += [
        tagged("rare", {}, {"Mail": 0.5}),
        tagged("half", {}, {"Web": 0.5}),
        tagged("sure", {"Chess": 0.99}, {}),
        tagged("unsure-tag", {"Web": 0.6}, {}),
        tagged("decided", {}, {"Web": 0.5}, tags_rejected=["Web"]),
    ]
    index_tagged(ready, "articles", documents)
    found = ids(ready)
    assert found[:2] == ["half", "unsure-tag"]
    assert found[-1] == "rare"
    assert set(found) == {one["id"] for one in documents} - {"sure", "decided"}


def test_labels_that_were_decided_on_come_after_others(ready):
    index_tagged(
        ready, "articles", [tagged("web", {}, {"Web": 0.5}), tagged("go", {}, {"Go": 0.4})]
    )
    before, after = label_weights(ready, "articles"), label_weights(ready, "articles", {"Web": 1})
    found = [
        [place.id for place, _ in most_valuable(ready, "articles", FIELDS, weights, 20)]
        for weights in (before, after)
    ]
    assert found == [["web", "go"], ["go", "web"]]


def test_the_cluster_computes_the_same_worth_as_python(ready):
    names = ["Chess", "Web", "Mail", "Go"]
    documents = [
        tagged(
            f"d{n}",
            {f"Tag {n % 3}": 0.5 + n / 100},
            {names[(n + at) % 4]: 0.3 + at / 9 - n / 90 for at in range(4)},
        )
        for n in range(20)
    ]
    index_tagged(ready, "articles", documents)
    weights = label_weights(ready, "articles")

    def worth(source: dict[str, Any]) -> float:
        return max(worth_of(open_labels(source, FIELDS), weights.of).values())

    found = most_valuable(ready, "articles", FIELDS, weights, 20)
    values = [worth(source) for _, source in found]
    assert len(values) == 20
    assert values == pytest.approx(sorted(values, reverse=True))


def test_one_label_shows_its_likely_documents_first(ready):
    documents = [tagged(f"d{n}", {}, {"Chess": n / 10, "Web": 0.5}) for n in (2, 4, 3)]
    index_tagged(ready, "articles", [*documents, tagged("other", {}, {"Web": 0.5})])
    assert ids(ready, only="Chess") == ["d4", "d3", "d2"]
    assert ids(ready, only="Chess", without=[Place("articles", "d3")]) == ["d4", "d2"]


def test_a_document_is_left_out_by_its_index_routing_and_id(ready):
    mapping = ready.indices.get_mapping(index="articles")["articles"]
    ready.indices.delete(index="articles")  # an id is unique within a shard only
    ready.indices.create(
        index="articles", body={**mapping, "settings": {"index.number_of_shards": 8}}
    )
    index_tagged(ready, "articles", [tagged("1", {}, {"Chess": 0.5})])
    index_tagged(ready, "articles", [tagged("1", {}, {"Chess": 0.5})], routing="berlin")
    there = {Place("articles", "1"), Place("articles", "1", "berlin")}

    def left(*without: Place) -> set[Place]:
        weights = label_weights(ready, "articles")
        found = most_valuable(ready, "articles", FIELDS, weights, 20, without=without)
        return {place for place, _ in found}

    for place in there:
        assert left(place) == there - {place}
    assert left(*there) == set()
    assert left(Place("letters", "1"), Place("articles", "2")) == there


def test_an_index_without_suggestions_has_an_empty_queue(ready):
    assert ids(ready) == []


def test_of_two_people_one_gets_a_document_until_the_claim_lapses(ready, monkeypatch):
    place = Place("articles", "d1")
    assert claims.claim(ready, "anna", [place]) == {place}
    assert claims.claim(ready, "ben", [place]) == set()
    assert claims.claimed_by_others(ready, "ben") == [place]
    assert claims.claimed_by_others(ready, "anna") == []
    monkeypatch.setattr(claims, "SECONDS", -1)
    assert claims.claim(ready, "anna", [place]) == {place}  # renewed, until a second ago
    assert claims.claimed_by_others(ready, "ben") == []
    assert claims.claim(ready, "ben", [place]) == {place}


def test_a_change_that_others_overtake_is_made_to_the_newer_document(ready):
    index_tagged(ready, "articles", [tagged("d1", {}, {"Chess": 0.5})], routing="r")
    place = Place("articles", "d1", "r")
    stored = read_places(ready, "articles", [place])
    theirs = {"doc": {"tags_manual": ["Theirs"]}}
    ready.bulk(body=[{"update": {"_id": "d1", "routing": "r"}}, theirs], index="articles")
    failed = change(
        ready, stored, lambda place, source: decided(source, "Chess", "accept", FIELDS)[0]
    )
    assert failed == {}
    now = ready.get(index="articles", id="d1", params={"routing": "r"})["_source"]
    assert now["tags_manual"] == ["Theirs", "Chess"]
    assert now["tags_suggested"] == []


def test_a_document_that_is_gone_is_named(ready):
    index_tagged(ready, "articles", [tagged("d1", {}, {"Chess": 0.5})])
    stored = read_places(ready, "articles", [Place("articles", "d1"), Place("articles", "d2")])
    ready.delete(index="articles", id="d1")
    failed = change(ready, stored, lambda place, source: {"tags_manual": ["x"]})
    assert failed == {Place("articles", "d1"): "it was deleted"}
    assert not ready.exists(index="articles", id="d1")


def test_what_others_write_again_and_again_is_named_and_the_rest_is_written(ready):
    index_tagged(ready, "articles", [tagged("d1"), tagged("d2")])
    first, second = Place("articles", "d1"), Place("articles", "d2")

    def changes(place, source):
        if place == first:
            theirs = {"doc": {"n": source.get("n", 0) + 1}}
            ready.bulk(body=[{"update": {"_id": "d1"}}, theirs], index="articles")
        return {"tags_manual": ["Mine"]}

    failed = change(ready, read_places(ready, "articles", [first, second]), changes)
    assert failed == {first: OVERTAKEN}
    assert "tags_manual" not in ready.get(index="articles", id="d1")["_source"]
    assert ready.get(index="articles", id="d2")["_source"]["tags_manual"] == ["Mine"]


def test_a_request_without_an_answer_may_have_been_carried_out(ready, monkeypatch):
    index_tagged(ready, "articles", [tagged("d1"), tagged("d2")])
    places = [Place("articles", "d1"), Place("articles", "d2")]
    stored, bulk = read_places(ready, "articles", places), ready.bulk

    def answered_too_late(body, params):
        bulk(body=body[:2], params=params)
        raise ConnectionTimeout("TIMEOUT", "no answer", Exception())

    monkeypatch.setattr(ready, "bulk", answered_too_late)
    failed = change(ready, stored, lambda *_: {"tags": ["x"]})
    assert list(failed) == places[1:]
    assert "no answer from the cluster in time" in failed[places[1]]
    with pytest.raises(ConnectionTimeout):  # nothing is written
        change(ready, {places[1]: stored[places[0]]}, lambda *_: {"tags": ["y"]})


def test_what_may_be_written_and_cannot_be_read_is_neither_written_nor_not(ready, monkeypatch):
    index_tagged(ready, "articles", [tagged("d1")])
    place = Place("articles", "d1")
    stored, bulk = read_places(ready, "articles", [place]), ready.bulk

    def refused(**_):
        raise AuthorizationException(403, "security_exception", {})

    def answered_too_late(body, params):
        bulk(body=body, params=params)
        raise ConnectionTimeout("TIMEOUT", "no answer", Exception())

    monkeypatch.setattr(ready, "bulk", answered_too_late)
    monkeypatch.setattr(ready, "mget", refused)
    failed = change(ready, stored, lambda *_: {"tags": ["x"]})
    assert list(failed) == [place]
    assert isinstance(failed[place], Unsure)
    assert "no answer from the cluster in time" in failed[place]


def test_a_missing_right_for_one_of_several_indices_stops_no_other_document(ready, monkeypatch):
    for index in ("articles", "letters"):
        index_tagged(ready, index, [tagged("d1")])
    mine, theirs = Place("articles", "d1"), Place("letters", "d1")
    stored, bulk = read_places(ready, "articles,letters", [mine, theirs]), ready.bulk

    def refusing(body, params):
        # As the security plugin answers: items that the user may not write fail, others do not.
        items = bulk(body=body[:2], params=params)["items"]
        reason = "no permissions for [indices:data/write/bulk[s]] and User [name=u]"
        error = {"type": "security_exception", "reason": reason}
        return {"items": [*items, {"update": {"status": 403, "error": error}}]}

    monkeypatch.setattr(ready, "bulk", refusing)
    failed = change(ready, stored, lambda *_: {"tags": ["x"]})
    assert list(failed) == [theirs]
    assert failed[theirs].startswith("the user lacks the right indices:data/write/bulk[s]")


@pytest.mark.parametrize("slot", ["default_pipeline", "final_pipeline"])
def test_a_decision_runs_no_pipeline_also_in_a_data_stream(ready, slot):
    pipeline = {"processors": [{"set": {"field": "seen", "value": True}}]}
    ready.ingest.put_pipeline(id="mark", body=pipeline)
    template = {"template": {"settings": {f"index.{slot}": "mark"}}}
    body = {"index_patterns": ["logs"], "data_stream": {}, "composed_of": ["lmtx-tags"], **template}
    ready.indices.put_index_template(name="logs", body=body)
    document = tagged("d1", {}, {"Chess": 0.5}, **{"@timestamp": "2026-11-01T00:00:00Z"})
    ready.bulk(
        body=[{"create": {"_id": "d1"}}, document],
        index="logs",
        params={"refresh": "true"},
    )
    weights = label_weights(ready, "logs")
    ((place, source),) = most_valuable(ready, "logs", FIELDS, weights, 20)
    assert source["seen"] is True
    assert place.index.startswith(".ds-logs")
    change(ready, read_places(ready, "logs", [place]), lambda *_: {"seen": False, "tags": ["x"]})
    now = ready.get(index=place.index, id="d1")["_source"]
    assert now == {**document, "seen": False, "tags": ["x"]}
