"""The pipeline leaves documents untouched that the query of the settings selects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import (
    pipeline_state,
    put_pipeline,
    read_pipeline,
    simulate,
    tagging_pipeline,
    untagged_pipeline,
)
from lmtx_search.untouched import Untouched
from tests.support.untouched_cases import CASES

# What people wrote, and what an earlier tagging wrote.
THEIRS = {"tags": ["mine", {"deep.er": 1}], "tagging": "auto", "tag_scores": [{"a.b": 1}]}
OURS = {
    "tags": ["a"],
    "tag_scores": [{"tag": "a", "score": 0.5}],
    "tagging": {"status": "tagged", "tagger": "v0"},
}


def test_it_is_read_back_from_the_body() -> None:
    untouched = Untouched.of('{"term": {"source.keyword": "press"}}')
    for body in (
        untagged_pipeline(untouched=untouched),
        tagging_pipeline("v", "m", ["text"], untouched=untouched),
    ):
        assert pipeline_state(body).untouched == untouched
    assert pipeline_state(untagged_pipeline()).untouched is None


@pytest.mark.integration
class TestOnTheCluster:
    def test_it_selects_the_documents_that_the_settings_select(self, client: Any) -> None:
        for query, source, expected in CASES:
            untouched = Untouched.of(json.dumps(query))
            for body in (
                untagged_pipeline(untouched=untouched),
                tagging_pipeline("v", "none", ["text"], untouched=untouched),
            ):
                (found,) = simulate(client, body, [{"text": "x", **source}])
                assert ("tagging" not in found) is expected, (query, source)

    @pytest.mark.parametrize("values", [THEIRS, OURS, {}])
    def test_every_value_of_such_a_document_stays(self, client: Any, values: Any) -> None:
        untouched = Untouched.of('{"exists": {"field": "embargo"}}')
        given = {"text": "x", "embargo": True, "a.b": [{"c": 1, "d": 2}], **values}
        fixed = {"script": {"source": "ctx.lmtx_scores = ['t': 0.5]"}}
        tagging = tagging_pipeline("v", "none", ["text"], untouched=untouched, keep=["*"])
        first, _, last = tagging["processors"]
        bodies = [
            untagged_pipeline(untouched=untouched, keep=["*"]),
            tagging,  # its model fails
            {**tagging, "processors": [first, fixed, last]},
        ]
        for body in bodies:
            put_pipeline(client, body)
            assert read_pipeline(client).untouched == untouched
            assert simulate(client, body, [given]) == [given]
