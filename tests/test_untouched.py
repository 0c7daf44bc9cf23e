"""Documents that are never touched: which queries select them, and what these match."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from lmtx_search.settings import DocumentSettings
from lmtx_search.untouched import Untouched
from tests.support.untouched_cases import CASES


@pytest.mark.parametrize(("query", "source", "expected"), CASES)
def test_a_document_matches_by_its_own_values(
    query: dict[str, Any], source: dict[str, Any], expected: bool
) -> None:
    assert Untouched.of(json.dumps(query)).matches(source) is expected


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("term:x", "is not JSON"),
        ("[]", "must be an object with one name"),
        ('{"term": {"a": "b"}, "exists": {"field": "a"}}', "must be an object with one name"),
        ('{"match": {"a": "b"}}', "'match' is not supported"),
        ('{"query_string": {"query": "b"}}', "'query_string' is not supported"),
        ('{"range": {"a": {"gt": "now-1d"}}}', "'range' is not supported"),
        ('{"term": {"a": {"value": "b", "case_insensitive": true}}}', "one name"),
        ('{"term": {"a": {"boost": 2}}}', "the option 'boost'"),
        ('{"terms": {"a": "b"}}', "compares a with texts"),
        ('{"exists": {"name": "a"}}', "exists is written"),
        ('{"bool": {}}', "bool has no clauses"),
        ('{"bool": {"must": []}}', "must is empty"),
        ('{"bool": {"minimum_should_match": 1}}', "'minimum_should_match'"),
        (
            '{"bool": {"must": {"exists": {"field": "a"}}, "should": {"exists": {"field": "b"}}}}',
            "give it a bool of its own",
        ),
    ],
)
def test_what_needs_an_index_is_refused_in_one_line_that_names_what_is_supported(
    query: str, told: str
) -> None:
    with pytest.raises(ValidationError, match=told) as error:
        DocumentSettings(untouched_query=query)
    (one,) = error.value.errors()
    assert "\n" not in one["msg"]
    assert "not JSON" in told or "term, terms, prefix, exists, and bool" in one["msg"]
