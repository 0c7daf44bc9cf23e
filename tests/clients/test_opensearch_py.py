"""Documents that the helpers of opensearch-py write are tagged, whatever they are written to."""

from __future__ import annotations

import pytest

from tests.clients import with_opensearch_py
from tests.clients.conftest import Target
from tests.clients.documents import documents

pytestmark = pytest.mark.integration

HELPERS = {
    "bulk": with_opensearch_py.write_with_bulk,
    "streaming_bulk": with_opensearch_py.write_with_streaming_bulk,
    "parallel_bulk": with_opensearch_py.write_with_parallel_bulk,
}


@pytest.mark.parametrize("helper", HELPERS)
def test_all_documents_are_there_with_their_tags(
    helper: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    assert HELPERS[helper](target.address, target.name, target.action, rows) == []
    assert target.written() == {row["id"]: row for row in rows}
    assert target.tags() == expected_tags


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize("target", ["index"], indirect=True)
def test_a_refused_document_is_told_and_the_others_are_tagged(
    helper: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    rows[7] = {**rows[7], "size": "not a number"}
    refused = HELPERS[helper](target.address, target.name, target.action, rows)
    assert [item["index"]["_id"] for item in refused] == ["d007"]
    assert target.tags() == {id_: tags for id_, tags in expected_tags.items() if id_ != "d007"}
