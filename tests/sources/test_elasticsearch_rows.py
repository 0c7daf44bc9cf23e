"""Files of _bulk requests and dumps of an index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.document_check import check_documents


def write(folder: Path, *lines: dict[str, Any]) -> DocumentFile:
    path = folder / "d.ndjson"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return DocumentFile(path)


def test_an_action_gives_its_id_to_the_next_line(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        {"index": {"_index": "a", "_id": "1"}},
        {"title": "x"},
        {"create": {}},
        {"id": "2", "title": "y"},
    )
    found = [(one.id, one.source) for one in file if isinstance(one, Document)]
    assert found == [("1", {"title": "x"}), ("2", {"id": "2", "title": "y"})]
    assert any("_bulk" in note for note in check_documents(file))


def test_an_action_that_is_no_document_is_a_malformed_line(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        {"delete": {"_id": "1"}},
        {"update": {"_id": "2"}},
        {"doc": {"title": "part"}},
        {"index": {"_id": "3"}},
        {"title": "x"},
    )
    delete, update, document = file
    assert isinstance(delete, BadLine)
    assert isinstance(update, BadLine)
    assert (delete.line, update.line) == (1, 2)
    assert isinstance(document, Document)
    assert document.id == "3"


def test_a_dump_has_its_documents_in_source(tmp_path: Path) -> None:
    hit = {"_index": "a", "_id": "1", "_score": 1, "_source": {"title": "x"}, "sort": [3]}
    (document,) = write(tmp_path, hit)
    assert isinstance(document, Document)
    assert (document.id, document.source) == ("1", {"title": "x"})


def test_fields_that_only_look_like_it_stay(tmp_path: Path) -> None:
    records = [{"index": {"name": "DAX"}, "id": "1"}, {"id": "2", "_source": {"a": 1}}]
    assert [one.source for one in write(tmp_path, *records) if isinstance(one, Document)] == records


def test_the_id_field_of_a_document_is_its_id_and_that_of_the_hit_is_not_stored(
    tmp_path: Path,
) -> None:
    file = write(tmp_path, {"_id": "1", "found": True, "_source": {"id": "A", "title": "x"}})
    (document,) = file
    assert isinstance(document, Document)
    assert (document.id, document.source) == ("A", {"id": "A", "title": "x"})
    assert any("documents.id_field, or _id if it has none" in note for note in file.last_read.notes)


def test_a_malformed_document_is_kept_with_its_id(tmp_path: Path) -> None:
    (bad,) = write(tmp_path, {"_id": "1", "_source": {"id": ["A"]}})
    assert isinstance(bad, BadLine)
    assert json.loads(bad.raw) == {"_id": "1", "id": ["A"]}


def test_all_options_of_an_action_are_known(tmp_path: Path) -> None:
    action = {"index": {"_id": "1", "dynamic_templates": {}, "list_executed_pipelines": True}}
    assert [one.id for one in write(tmp_path, action, {"a": 1}) if isinstance(one, Document)] == [
        "1"
    ]


def answer(*ids: str, total: object) -> dict[str, Any]:
    hits = [{"_index": "a", "_id": id_, "_score": 1, "_source": {"title": id_}} for id_ in ids]
    return {"took": 3, "timed_out": False, "hits": {"total": total, "hits": hits}}


@pytest.mark.parametrize("total", [{"value": 3, "relation": "eq"}, 3])
def test_the_hits_of_answers_are_documents(tmp_path: Path, total: object) -> None:
    file = write(tmp_path, answer("1", "2", total=total), answer("3", total=total))
    assert [(one.id, one.text) for one in file if isinstance(one, Document)] == [
        *(("1", "1"), ("2", "2"), ("3", "3")),
    ]
    assert not any("of the 3 hits" in note for note in file.last_read.notes)


def test_an_answer_with_some_of_the_hits_has_a_note(tmp_path: Path) -> None:
    file = write(tmp_path, answer("1", total={"value": 3, "relation": "eq"}))
    assert len(list(file)) == 1
    assert any("holds 1 of the 3 hits of a search" in note for note in file.last_read.notes)


def test_a_hit_of_an_answer_without_its_document_is_a_malformed_line(tmp_path: Path) -> None:
    file = write(tmp_path, {"hits": {"hits": [{"_id": "1"}], "total": 1}})
    (bad,) = file
    assert isinstance(bad, BadLine)
    assert bad.reason == "a hit without _source"
    assert any("holds 0 of the 1 hits of a search" in note for note in file.last_read.notes)


def test_an_error_in_place_of_an_answer_is_a_malformed_line(tmp_path: Path) -> None:
    error = {"type": "parsing_exception", "reason": "Unknown key"}
    bad, document = write(
        tmp_path,
        {"took": 1, "error": error, "status": 400},
        {"error": error, "status": 400, "title": "x"},
    )
    assert isinstance(bad, BadLine)
    assert bad.reason.startswith("an error of a search")
    assert isinstance(document, Document)


def test_a_list_of_records_in_the_only_object_of_a_file_is_refused(tmp_path: Path) -> None:
    results = {"count": 2, "results": [{"id": 1, "title": "x"}]}
    (tmp_path / "an export").mkdir()
    file = write(tmp_path / "an export", results)
    with pytest.raises(UserError, match="a list of objects under results") as refused:
        list(file)
    assert f"`jq -c '.[\"results\"][]' '{file.path}'`" in str(refused.value)
    assert len(list(write(tmp_path, results, results))) == 2
    assert len(list(write(tmp_path, {**results, "title": "x"}))) == 1


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "authors": [{"name": "x"}]},
        {"id": "1", "parts": [{"id": "2", "title": "x"}]},
        {"authors": [{"name": "x"}]},
    ],
)
def test_a_single_record_with_a_list_of_something_else_is_a_document(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    (found,) = write(tmp_path, record)
    assert isinstance(found, Document)
    assert found.source == record
