"""Updates, `_reindex` and restored snapshots, in attached indices, aliases and data streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.conftest import Target
from tests.clients.documents import documents
from tests.clients.with_opensearch_py import write_with_bulk

pytestmark = pytest.mark.integration


@pytest.fixture
def repository(tagging_cluster: Any) -> Iterator[str]:
    client, _ = tagging_cluster
    body = {"type": "fs", "settings": {"location": "clients"}}
    client.snapshot.create_repository(repository="clients", body=body)
    yield "clients"
    client.snapshot.delete(repository="clients", snapshot="*")
    client.snapshot.delete_repository(repository="clients")


def write(target: Target, rows: list[dict[str, Any]]) -> None:
    assert write_with_bulk(target.address, target.name, target.action, rows) == []


def test_reindex_tags_all_documents(target: Target, expected_tags: dict[str, list[str]]) -> None:
    raw = Target(target.client, target.address, "written-raw", "index")
    write(raw, documents())
    target.client.indices.refresh(index=raw.name)
    body = {
        "source": {"index": raw.name},
        "dest": {"index": target.name, "op_type": target.action},
    }
    assert target.client.reindex(body=body)["failures"] == []
    assert target.written() == raw.written()
    assert target.tags() == expected_tags


CHESS, MAIL = documents()[0], documents()[3]
NEW = {field: MAIL[field] for field in ("title", "text")}


@pytest.mark.parametrize(
    "body",
    [
        {"doc": NEW},
        {"script": {"source": "ctx._source.putAll(params)", "params": NEW}},
    ],
    ids=["doc", "script"],
)
def test_update_gives_the_tags_of_the_new_text(target: Target, body: dict[str, Any]) -> None:
    write(target, documents())
    before = target.tags()
    assert before[CHESS["id"]] != before[MAIL["id"]]
    # A data stream takes updates only at the index that holds the document, and with its version.
    target.client.indices.refresh(index=target.name)
    query = {"query": {"ids": {"values": [CHESS["id"]]}}, "seq_no_primary_term": True}
    (hit,) = target.client.search(index=target.name, body=query)["hits"]["hits"]
    version = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
    target.client.update(index=hit["_index"], id=CHESS["id"], body=body, params=version)
    after = target.tags()
    assert after == {**before, CHESS["id"]: before[MAIL["id"]]}


def test_a_restored_target_has_its_tags_and_tags_what_is_written_next(
    target: Target, repository: str, expected_tags: dict[str, list[str]]
) -> None:
    first, second = documents()[:60], documents()[60:]
    write(target, first)
    wait = {"wait_for_completion": "true"}
    alone = {"include_global_state": False}
    snapshots = target.client.snapshot
    what = {"indices": target.name, **alone}
    made = snapshots.create(repository=repository, snapshot="one", body=what, params=wait)
    assert made["snapshot"]["state"] == "SUCCESS"
    if target.action == "create":
        target.client.indices.delete_data_stream(name=target.name)
    else:
        (index,) = target.client.indices.get(index=target.name)
        target.client.indices.delete(index=index)
    snapshots.restore(repository=repository, snapshot="one", body=alone, params=wait)
    write(target, second)
    assert target.written() == {row["id"]: row for row in documents()}
    assert target.tags() == expected_tags
