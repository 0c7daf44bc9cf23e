"""Every document is read once, whatever ids several of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import TransportError

from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.documents.scan import place, scan, told_apart
from lmtx_search.cluster.ml.pipeline import put_pipeline, untagged_pipeline
from tests.conftest import Run

SHARED = 300
ROUTINGS = ("berlin", "oslo", "rome")


def test_ids_that_are_shared_are_told_apart_and_others_stay() -> None:
    hits = [
        {"_id": "1", "_index": "a"},
        {"_id": "2", "_index": "a"},
        {"_id": "2", "_index": "b"},
        {"_id": "2@a", "_index": "c"},
        {"_id": "3", "_index": "a", "_routing": "x"},
        {"_id": "3", "_index": "a", "_routing": "y"},
    ]
    assert [id_ for id_, _ in told_apart(hits)] == ["1", "2@a", "2@b", "2@a@c", "3@a#x", "3@a#y"]


@pytest.fixture
def three(client: Any) -> Any:
    """Three indices behind an alias that hold the same ids."""
    put_pipeline(client, untagged_pipeline())
    for number in range(3):
        fill(client, f"part-{number}", {"index": {"number_of_replicas": 0}}, [None])
        client.indices.put_alias(index=f"part-{number}", name="all")
    return client


@pytest.fixture
def routed(client: Any) -> Any:
    """An index of five shards that holds the same ids under several routings."""
    fill(client, "routed", {"index": {"number_of_shards": 5, "number_of_replicas": 0}}, ROUTINGS)
    return client


def fill(client: Any, index: str, settings: dict[str, Any], routings: Any) -> None:
    client.indices.create(index=index, body={"settings": settings})
    lines = []
    for number in range(SHARED):
        for routing in routings:
            head = {"_id": f"{number:03}", **({"routing": routing} if routing else {})}
            lines += [{"index": head}, {"text": f"{index} {routing}"}]
    assert not client.bulk(index=index, body=lines)["errors"]


@pytest.mark.integration
@pytest.mark.parametrize("page", [1, 7, 1000])
def test_equal_ids_behind_an_alias_are_all_read(three: Any, page: int) -> None:
    hits = list(scan(three, "all", page=page))
    assert len({(hit["_id"], *place(hit)) for hit in hits}) == len(hits) == 3 * SHARED
    assert [hit["_id"] for hit in hits] == sorted(hit["_id"] for hit in hits)


@pytest.mark.integration
@pytest.mark.parametrize("page", [1, 7, 1000])
def test_equal_ids_under_other_routings_are_all_read(routed: Any, page: int) -> None:
    hits = list(scan(routed, "routed", page=page))
    written = len({hit["_source"]["text"] for hit in hits}) * SHARED
    there = routed.count(index="routed")["count"]
    assert len({(hit["_id"], *place(hit)) for hit in hits}) == len(hits) == there == written


@pytest.mark.integration
def test_documents_that_are_read_have_ids_of_their_own(three: Any) -> None:
    documents = list(read_documents(three, "all", ("text",)))
    assert len({document.id for document in documents}) == 3 * SHARED
    assert {"000@part-0", "000@part-1", "000@part-2"} <= {document.id for document in documents}


@pytest.mark.integration
def test_a_load_from_an_alias_keeps_all_of_them_and_says_so(three: Any, lmtx: Run) -> None:
    done = lmtx("docs", "load", "--from-index", "all")
    assert done.returncode == 0, done.stderr
    assert "900 documents indexed (900 new, 0 replaced), 0 failed" in done.stdout
    assert "900 of them share their id with others" in done.stderr
    assert three.count(index="lmtx-documents")["count"] == 3 * SHARED


@pytest.mark.integration
def test_a_data_stream_is_filled_and_what_is_there_is_left_out(
    client: Any, lmtx: Run, tmp_path: Path
) -> None:
    assert lmtx("bootstrap-index").returncode == 0
    properties = {"text": {"type": "text"}}
    body = {
        "index_patterns": ["events"],
        "data_stream": {},
        "template": {"mappings": {"properties": properties}},
    }
    client.indices.put_index_template(name="stream", body=body)
    client.indices.create_data_stream(name="events")
    file = tmp_path / "events.jsonl"
    lines = [f'{{"id": "{n}", "text": "x", "@timestamp": "2026-01-0{n}"}}' for n in (1, 2)]
    file.write_text("\n".join([*lines, '{"id": "3", "text": "no time"}']))
    refused = lmtx("ingest", file, "--index", "events")
    assert "run `lmtx-search attach events --text-field FIELD` first" in refused.stderr
    assert lmtx("attach", "events", "--text-field", "text").returncode == 0
    first = lmtx("ingest", file, "--index", "events")
    assert "2 documents indexed (2 new, 0 replaced), 1 failed" in first.stdout, first.stderr
    assert "documents must contain a single-valued timestamp field '@timestamp'" in first.stdout
    file.write_text(file.read_text().replace('"x"', '"changed"'))
    again = lmtx("ingest", file, "--index", "events", "--from-start")
    assert "0 documents indexed (0 new, 0 replaced), 1 failed" in again.stdout
    assert "2 were there already and stay as they are" in again.stdout
    there = {hit["_id"]: hit["_source"]["text"] for hit in scan(client, "events")}
    assert there == {"1": "x", "2": "x"}


@pytest.mark.integration
def test_an_alias_is_filled_through_its_write_index(client: Any, lmtx: Run, tmp_path: Path) -> None:
    put_pipeline(client, untagged_pipeline())
    client.indices.create(index="lmtx-runs")
    file = tmp_path / "news.jsonl"
    file.write_text('{"id": "1", "text": "x"}\n')
    for number in (1, 2):
        body = {"mappings": {"properties": {"text": {"type": "text"}}}, "aliases": {"news": {}}}
        client.indices.create(index=f"news-{number}", body=body)
    refused = lmtx("ingest", file, "--index", "news")
    assert "the alias news contains news-1, news-2, and none is its write index" in refused.stderr
    client.indices.put_alias(index="news-2", name="news", body={"is_write_index": True})
    assert lmtx("attach", "news-2", "--text-field", "text").returncode == 0
    done = lmtx("ingest", file, "--index", "news")
    assert "1 documents indexed" in done.stdout, done.stderr
    assert client.get(index="news-2", id="1")["_source"]["tagging"]["status"] == "untagged"


@pytest.mark.integration
def test_a_shard_that_fails_is_no_shorter_answer(client: Any) -> None:
    put_pipeline(client, untagged_pipeline())
    fill(client, "many", {"index": {"number_of_shards": 5, "number_of_replicas": 0}}, [None])
    source = "if (params._source.containsKey('odd')) { throw new RuntimeException('odd') } return 1"
    client.index(index="many", id="odd", body={"odd": 1}, params={"refresh": "true"})
    script = {"x": {"script": {"source": source}}}
    with pytest.raises(TransportError):
        list(scan(client, "many", script_fields=script))
