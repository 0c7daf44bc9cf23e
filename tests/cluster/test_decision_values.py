"""What a decision changes in a document's fields, and what undoing it puts back."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from lmtx_search.cluster.decisions.values import (
    Decision,
    decided,
    decision_on,
    renamed,
    restored,
    undone,
)
from lmtx_search.cluster.decisions.worth import (
    Open,
    label_weight,
    open_labels,
    uncertainty,
    worth_of,
)
from lmtx_search.tag_fields import DEFAULT_FIELDS as FIELDS
from tests.support.suggestions import tagged

DOCUMENT = tagged("d", {"Web": 0.9, "Mail": 0.6}, {"Chess": 0.4, "Go": 0.3}, tags_manual=["Mine"])


def after(source: dict[str, Any], tag: str, decision: Decision) -> dict[str, Any]:
    return source | decided(source, tag, decision, FIELDS)[0]


def test_an_accepted_suggestion_becomes_a_manual_tag_and_no_other_field_changes() -> None:
    changed, _ = decided(DOCUMENT, "Chess", "accept", FIELDS)
    assert changed == {
        "tags_suggested": ["Go"],
        "suggestion_scores": DOCUMENT["suggestion_scores"][1:],
        "tags_manual": ["Mine", "Chess"],
    }


def test_an_accepted_tag_stays_a_tag() -> None:
    assert decided(DOCUMENT, "Mail", "accept", FIELDS)[0] == {"tags_manual": ["Mine", "Mail"]}


def test_a_rejected_tag_leaves_the_tags_with_its_score() -> None:
    changed, _ = decided(DOCUMENT, "Mail", "reject", FIELDS)
    scores = DOCUMENT["tag_scores"][:1]
    assert changed == {"tags": ["Web"], "tag_scores": scores, "tags_rejected": ["Mail"]}


def test_a_rejected_name_leaves_every_field_of_the_tagger_and_the_manual_tags() -> None:
    everywhere = DOCUMENT | {"tags_broader": ["Mine"], "tags_suggested": ["Mine", "Go"]}
    changed, _ = decided(everywhere, "Mine", "reject", FIELDS)
    assert changed == {
        "tags_broader": [],
        "tags_suggested": ["Go"],
        "tags_manual": [],
        "tags_rejected": ["Mine"],
    }


@pytest.mark.parametrize("tag", ["Chess", "Go", "Web", "Mail", "New"])
@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_undoing_a_decision_restores_names_scores_and_their_order(
    tag: str, decision: Decision
) -> None:
    changed, before = decided(DOCUMENT, tag, decision, FIELDS)
    now = DOCUMENT | changed
    restored = now | undone(now, tag, decision, before, FIELDS)
    assert {key: one for key, one in restored.items() if one != []} == DOCUMENT


@pytest.mark.parametrize(
    ("decision", "field"), [("accept", "tags_manual"), ("reject", "tags_rejected")]
)
def test_undoing_takes_the_tag_away_that_was_there_without_a_recorded_decision(
    decision: Decision, field: str
) -> None:
    document = {**DOCUMENT, field: ["Other", "New"]}
    changed, before = decided(document, "New", decision, FIELDS)
    assert changed == {}
    assert undone(document, "New", decision, before, FIELDS) == {field: ["Other"]}


@pytest.mark.parametrize("tag", ["Mine", "Chess", "Mail"])
@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_restoring_leaves_a_tag_where_it_was_before_a_decision(
    tag: str, decision: Decision
) -> None:
    changed, before = decided(DOCUMENT, tag, decision, FIELDS)
    now = DOCUMENT | changed
    again = now | restored(now, tag, before, FIELDS)
    assert {key: one for key, one in again.items() if one != []} == DOCUMENT


def test_undoing_one_of_two_decisions_keeps_the_other() -> None:
    first, before = decided(DOCUMENT, "Chess", "reject", FIELDS)
    both = after(DOCUMENT | first, "Go", "accept")
    restored = both | undone(both, "Chess", "reject", before, FIELDS)
    assert restored["tags_suggested"] == ["Chess"]
    assert restored["tags_manual"] == ["Mine", "Go"]
    assert restored["tags_rejected"] == []


def test_undoing_after_another_tagging_leaves_what_the_tagger_wrote() -> None:
    changed, before = decided(DOCUMENT, "Chess", "reject", FIELDS)
    now = DOCUMENT | changed | {"tagging": {**DOCUMENT["tagging"], "at": "2026-11-02T10:00:00Z"}}
    assert undone(now, "Chess", "reject", before, FIELDS) == {"tags_rejected": []}


def test_a_change_of_mind_moves_the_tag() -> None:
    rejected = after(DOCUMENT, "Chess", "reject")
    assert decision_on(rejected, "Chess", FIELDS) == "reject"
    accepted = after(rejected, "Chess", "accept")
    assert decision_on(accepted, "Chess", FIELDS) == "accept"
    assert accepted["tags_rejected"] == []


def test_scores_that_an_earlier_release_wrote_as_an_object_become_a_list() -> None:
    older = {"tags": ["Web", "Mail"], "tag_scores": {"Web": 0.9, "Mail": 0.6}}
    changed, _ = decided(older, "Mail", "reject", FIELDS)
    assert changed["tag_scores"] == [{"tag": "Web", "score": 0.9}]


def test_values_of_people_that_are_no_texts_stay_as_they_are() -> None:
    assert decided({"tags_manual": 7}, "Web", "accept", FIELDS)[0] == {"tags_manual": [7, "Web"]}


def test_open_are_suggestions_and_unsure_tags_without_a_decision() -> None:
    source = copy.deepcopy(DOCUMENT) | {"tags_rejected": ["Go"]}
    assert [(one.tag, one.applied) for one in open_labels(source, FIELDS)] == [
        ("Chess", False),
        ("Mail", True),
    ]


def test_a_suggestion_of_a_tagger_without_probabilities_is_open() -> None:
    source = {"tags_suggested": ["Chess"], "suggestion_scores": [{"tag": "Chess", "score": 0.4}]}
    (one,) = open_labels(source, FIELDS)
    assert (one.score, one.probability) == (0.4, None)
    assert uncertainty(one.probability) == 1


def test_one_half_is_most_uncertain_and_frequent_labels_weigh_more() -> None:
    assert uncertainty(0.5) > uncertainty(0.3) == pytest.approx(uncertainty(0.7))
    assert uncertainty(1.0) == 0
    assert label_weight(30, 6) == pytest.approx(math.sqrt(31 * 7) / 6)
    assert label_weight(30, 6) > label_weight(29, 6) > label_weight(29, 5)


def test_a_label_weighs_less_with_each_decision() -> None:
    assert label_weight(30, 6, 3) == pytest.approx(label_weight(30, 6) / 5)


def test_the_most_probable_labels_of_a_document_are_worth_most() -> None:
    labels = [Open(tag, False, None, p) for tag, p in (("A", 0.3), ("B", 0.7), ("C", 0.6))]
    found = worth_of([*labels, Open("D", True, None, 0.4)], lambda tag: 2.0)
    assert found == pytest.approx({"A": 0.168, "B": 1.68, "C": 1.92, "D": 1.92})


def test_an_unknown_probability_counts_as_one_half() -> None:
    labels = [Open(tag, False, None, None) for tag in ("D", "C", "B", "A")]
    assert worth_of(labels, lambda tag: 1.0) == {"A": 1, "B": 1, "C": 1, "D": 0.1}


ABOVE = {"Chess": ["Board games", "Games"], "Go": ["Board games", "Games"], "Mail": []}


def test_labels_that_are_above_the_rejected_tag_alone_leave_with_it_and_come_back() -> None:
    document = tagged(
        "d", {"Chess": 0.9, "Mail": 0.6}, tags_broader=["Games", "Web", "Board games"]
    )
    changed, before = decided(document, "Chess", "reject", FIELDS, ABOVE)
    assert changed["tags_broader"] == ["Web"]
    now = document | changed
    assert (
        undone(now, "Chess", "reject", before, FIELDS)["tags_broader"] == document["tags_broader"]
    )
    again = now | {"tagging": now["tagging"] | {"at": "2026-12-01T00:00:00Z"}}
    assert "tags_broader" not in undone(again, "Chess", "reject", before, FIELDS)


def test_labels_that_are_above_another_tag_too_stay() -> None:
    document = tagged("d", {"Chess": 0.9, "Go": 0.6}, tags_broader=["Games", "Board games"])
    assert "tags_broader" not in decided(document, "Chess", "reject", FIELDS, ABOVE)[0]
    assert "tags_broader" not in decided(document, "Mail", "reject", FIELDS, ABOVE)[0]
    assert "tags_broader" not in decided(document, "Chess", "accept", FIELDS, ABOVE)[0]


def test_labels_above_stay_if_it_is_unknown_what_is_above_another_tag() -> None:
    document = tagged("d", {"Chess": 0.9, "Retired": 0.6}, tags_broader=["Games"])
    assert "tags_broader" not in decided(document, "Chess", "reject", FIELDS, ABOVE)[0]


def test_new_names_of_tags_are_written_once_however_often_it_is_tried() -> None:
    new = {"accept": {"Chess": "Go", "Go": "Cards"}, "reject": {"Web": "Net"}}
    source = {"tags_manual": ["Chess", "Mine", "Go"], "tags_rejected": ["Web"]}
    changed = renamed(source, new, FIELDS)  # type: ignore[arg-type]
    assert changed == {"tags_manual": ["Go", "Mine", "Cards"], "tags_rejected": ["Net"]}
    assert renamed(changed, new, FIELDS) == {}  # type: ignore[arg-type]


def test_a_new_name_of_a_rejected_tag_does_not_rename_an_accepted_one() -> None:
    new = {"accept": {"A": "B"}, "reject": {"B": "A"}}
    changed = renamed({"tags_manual": ["A"], "tags_rejected": ["B"]}, new, FIELDS)  # type: ignore[arg-type]
    assert changed == {"tags_manual": ["B"], "tags_rejected": ["A"]}
    assert renamed(changed, new, FIELDS) == {}  # type: ignore[arg-type]
