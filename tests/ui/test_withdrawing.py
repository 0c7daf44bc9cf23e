"""Decisions on the page "Documents", and taking one of them back, on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.judgments.feedback import keep_opinions
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.ml.pipeline import put_pipeline, untagged_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.records import PERSON, Document, document_text
from lmtx_search.settings import Settings
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.ui.decisions import Decisions
from lmtx_search.ui.library import Library
from lmtx_search.ui.withdrawing import withdraw
from lmtx_search.untouched import Untouched
from tests.support.live_tagger import load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS

pytestmark = pytest.mark.integration

PLACE = Place("articles", "d1")


class Card:
    """The card of the document d1 on the page."""

    def __init__(self, client: Any, settings: Settings) -> None:
        self._client = client
        self._where = settings.documents
        self._library = Library(settings, "articles")
        self._decisions = Decisions(client, settings, "articles")

    def shown(self) -> dict[str, Any]:
        (found,) = self._library.search("", [])["found"]
        return dict(found)

    def decide(self, by: str, decision: Any, tag: str) -> str | None:
        digest = self.shown()["place"]["digest"]
        told = self._decisions.decide(by, tag, decision, {PLACE: digest})
        problem: str | None = told["results"][0]["problem"]
        return problem

    def withdraw(self, by: str, tag: str, place: Place = PLACE) -> tuple[str | None, bool | None]:
        told = withdraw(
            self._client, self._where, self._decisions.rules, "articles", by, tag, place
        )
        return told["problem"], told["applied"]

    def source(self) -> dict[str, Any]:
        return dict(self._client.get(index="articles", id="d1")["_source"])


@pytest.fixture
def card(client: Any, settings: Settings) -> Card:
    apply(client, plan(client, settings))
    load_labels(client, settings, LABELS)
    prepare_tagged_index(client, "articles")
    index_tagged(client, "articles", [tagged("d1", {"Chess": 0.9}, {"Web browser": 0.4})])
    return Card(client, settings)


def test_a_decision_is_taken_back_though_it_is_not_the_last_one(card: Card) -> None:
    before = card.source()
    assert card.decide("anna", "reject", "Chess") is None
    assert card.decide("anna", "reject", "Web browser") is None
    shown = card.shown()
    assert [one["tag"] for one in shown["rejected"]] == ["Chess", "Web browser"]
    assert (shown["tags"], shown["suggested"]) == ([], [])
    assert card.withdraw("anna", "Chess") == (None, True)
    assert card.withdraw("anna", "Web browser") == (None, False)
    assert card.source() == {**before, "tags_rejected": []}
    problem, _ = card.withdraw("anna", "Chess")
    assert problem is not None
    assert problem.startswith("No decision of a person on it is recorded")


def test_nobody_takes_back_what_somebody_else_decided(card: Card, client: Any) -> None:
    card.decide("anna", "reject", "Chess")
    problem, _ = card.withdraw("ben", "Chess")
    assert problem is not None
    assert problem.startswith("anna rejected it at 20")
    assert card.source()["tags_rejected"] == ["Chess"]
    card.decide("anna", "accept", "Web browser")
    client.bulk(
        body=[{"update": {"_id": "d1"}}, {"doc": {"tags_rejected": ["Web browser"]}}],
        index="articles",
        params={"refresh": "true"},
    )
    assert card.withdraw("anna", "Web browser")[0] == (
        "Somebody has decided otherwise since then. Nothing was changed."
    )


def test_an_answer_of_an_earlier_release_is_removed(card: Card, client: Any) -> None:
    document = Document("d1", document_text(card.source(), ("title", "text")))
    keep_opinions(client, [person_judgment(document, LABELS[0], yes=False, rank=0)])
    assert card.shown()["tags"][0]["said"] == "no"
    assert card.withdraw("ben", "Chess") == (None, True)
    assert list(JudgmentStore(client).of(PERSON)) == []


def test_a_document_that_is_never_touched_or_gone_stays_as_it_is(card: Card, client: Any) -> None:
    before = card.source()
    untouched = Untouched.of('{"exists": {"field": "title"}}')
    put_pipeline(client, untagged_pipeline(untouched=untouched))
    problem = card.decide("anna", "reject", "Chess")
    assert problem is not None
    assert problem.startswith("It is never touched")
    assert card.source() == before
    assert card.withdraw("anna", "Chess", Place("lmtx-labels", "web")) == ("It was deleted.", None)
