"""Documents are tagged whichever helper writes them (docs/writing.md)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from opensearchpy import helpers

from tests.support.backends import Servers
from tests.tagging.conftest import CHESS, WEB, Attached

pytestmark = pytest.mark.integration

DOCUMENTS = {f"n{number}": (CHESS, WEB)[number % 2] for number in range(20)}


def actions() -> list[dict[str, Any]]:
    return [
        {"_index": "articles", "_id": id_, "_source": source} for id_, source in DOCUMENTS.items()
    ]


@pytest.mark.parametrize(
    "write",
    [helpers.streaming_bulk, helpers.parallel_bulk],
    ids=["streaming_bulk", "parallel_bulk"],
)
def test_generators_of_opensearch_py_tag(
    attached: Attached, write: Callable[..., Iterable[tuple[bool, Any]]]
) -> None:
    assert all(accepted for accepted, _ in write(attached.client, actions(), chunk_size=7))
    assert_tagged(attached)


def test_bulk_of_opensearch_py_tags(attached: Attached) -> None:
    assert helpers.bulk(attached.client, actions(), chunk_size=7) == (len(DOCUMENTS), [])
    assert_tagged(attached)


def test_curl_tags(attached: Attached, servers: Servers) -> None:
    lines = [part for id_, doc in DOCUMENTS.items() for part in ({"index": {"_id": id_}}, doc)]
    done = subprocess.run(
        [
            *("curl", "-s", f"{servers.opensearch}/articles/_bulk", "--data-binary", "@-"),
            *("-H", "Content-Type: application/x-ndjson"),
        ],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["errors"] is False
    assert_tagged(attached)


def test_a_pipeline_that_the_request_names_replaces_the_tagging(attached: Attached) -> None:
    attached.client.ingest.put_pipeline(id="lmtx-test-own", body={"processors": []})
    attached.client.index(
        index="articles", id="own", body=WEB, params={"pipeline": "lmtx-test-own"}
    )
    assert "tags" not in attached.source("own")
    attached.client.ingest.delete_pipeline(id="lmtx-test-own")


def assert_tagged(attached: Attached) -> None:
    """Check that each document has the tag of its text."""
    first = {id_: attached.source(id_)["tags"][0] for id_ in DOCUMENTS}
    names = {id(CHESS): "Chess", id(WEB): "Web browser"}
    assert first == {id_: names[id(source)] for id_, source in DOCUMENTS.items()}
