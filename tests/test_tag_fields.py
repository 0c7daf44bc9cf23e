"""Names of the fields that tagging writes, and whose their values are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lmtx_search.settings import DocumentSettings
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields, as_scores, scores_of

OTHER = TagFields(tags="auto", tagging="by")
TAGGED = {
    "tags": ["a"],
    "tag_scores": [{"tag": "a", "score": 0.5}],
    "tags_suggested": ["b"],
    "suggestion_scores": [{"tag": "b", "score": 0.4, "probability": 0.4}],
    "tagging": {"status": "tagged", "tagger": "v1"},
}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"terms": {"field": "tags", "size": 5}}, {"terms": {"field": "auto", "size": 5}}),
        ({"term": {"tagging.status": "tags"}}, {"term": {"by.status": "tags"}}),
        (
            {"aggs": {"tags": {"terms": {"field": "title"}}}},
            {"aggs": {"tags": {"terms": {"field": "title"}}}},
        ),
        ({"query_string": {"query": "tags:x"}}, {"query_string": {"query": "tags:x"}}),
    ],
)
def test_a_search_gets_the_names_in_use_and_no_words_of_a_user_change(
    search: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert OTHER.in_body(search) == expected
    assert DEFAULT_FIELDS.in_body(search) == search


def test_what_tagging_wrote_is_nobody_elses() -> None:
    assert DEFAULT_FIELDS.theirs(TAGGED) == {}
    assert DEFAULT_FIELDS.theirs({**TAGGED, "tag_scores": {"a": 0.5}}) == {}
    assert DEFAULT_FIELDS.without({"n": 1, **TAGGED}) == {"n": 1}


@pytest.mark.parametrize(
    "theirs",
    [
        {"tags": ["x"]},
        {"tags": "x", "tagging": {"status": "untagged"}},
        {"tagging": {"status": "tagged"}},
        {"tagging": {"status": "tagged", "tagger": "v1", "note": "mine"}},
        {"tag_scores": {"a": 1}},
        {"tags_suggested": ["x"]},
        {**TAGGED, "tags_suggested": ["b", "x"]},
        {**TAGGED, "tags_suggested": "x", "suggestion_scores": 7},
        {**TAGGED, "tags_suggested": [], "suggestion_scores": {"a": 1}},
    ],
)
def test_other_values_are_peoples_and_stay(theirs: dict[str, Any]) -> None:
    assert DEFAULT_FIELDS.theirs(theirs)
    kept = DEFAULT_FIELDS.without(theirs)
    assert kept.items() >= DEFAULT_FIELDS.theirs(theirs).items()


def test_what_people_decided_is_read_whatever_its_form() -> None:
    source = {"tags_rejected": "a", "tags_manual": ["b", 7], "tags": ["c"]}
    assert DEFAULT_FIELDS.people_decided(source) == ({"a"}, {"b", "7"})
    assert DEFAULT_FIELDS.people_decided({}) == (frozenset(), frozenset())
    assert DEFAULT_FIELDS.without({**source, **TAGGED}) == {
        "tags_rejected": "a",
        "tags_manual": ["b", 7],
    }


def test_scores_have_the_probabilities_that_are_known() -> None:
    assert as_scores({"a": 0.5, "b": 0.4}, {"a": 0.9}) == [
        {"tag": "a", "score": 0.5, "probability": 0.9},
        {"tag": "b", "score": 0.4},
    ]


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_field_holds_nothing_of_theirs(empty: Any) -> None:
    assert DEFAULT_FIELDS.theirs({"tags": empty, "tagging": empty}) == {}


def test_scores_are_read_in_both_forms() -> None:
    assert scores_of([{"tag": "a", "score": 0.5}]) == scores_of({"a": 0.5}) == {"a": 0.5}
    assert scores_of(None) == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tags_field": "a.b"}, "is no name of a field"),
        ({"tags_field": "_id"}, "is no name of a field"),
        ({"tags_field": "tag_scores"}, "has the same name"),
        ({"tags_field": "id"}, "has the same name"),
        ({"rejected_field": "tags_manual"}, "has the same name"),
        ({"tags_field": "title"}, "is one of documents.text_fields"),
    ],
)
def test_a_name_that_cannot_be_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DocumentSettings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "manual"),
    [
        ({"id": 3, "name": "to read"}, ['{"id":3,"name":"to read"}']),
        (5, ["5"]),
        (True, ["true"]),
        ("to read", ["to read"]),
        (["a", {"k": 1}], ["a", '{"k":1}']),
    ],
)
def test_a_value_of_any_form_is_moved_to_the_manual_tags(tags: Any, manual: list[str]) -> None:
    assert DEFAULT_FIELDS.moved({"n": 1, "tags": tags}) == {"n": 1, "tags_manual": manual}


def test_an_object_that_somebody_added_to_the_tags_of_a_tagged_document_is_moved() -> None:
    document = {**TAGGED, "tags": [*TAGGED["tags"], {"k": 1}]}
    moved = DEFAULT_FIELDS.moved(document)
    assert (moved["tags"], moved["tags_manual"]) == (TAGGED["tags"], ['{"k":1}'])
