import json

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.document_check import check_documents
from lmtx_search.sources.repeated_ids import RepeatedIds


def write(path, *records: dict):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_an_id_that_comes_again_with_other_content_names_where_it_stood(tmp_path):
    file = write(
        tmp_path / "a.jsonl",
        {"id": "a", "text": "one"},
        {"id": "b", "text": "two"},
        {"id": "a", "text": "three"},
        {"id": "a", "text": "four"},
    )
    assert [document.repeats for document in read_documents(file)] == [
        "",
        "",
        f"{file}, line 3: the id 'a' is also on line 1, with other content",
        f"{file}, line 4: the id 'a' is also on line 3, with other content",
    ]


def test_the_same_document_again_is_no_other_one(tmp_path):
    record = {"id": "a", "text": "one"}
    file = write(tmp_path / "a.jsonl", record, record, {"text": "x"}, {"text": "x"})
    assert not any(document.repeats for document in read_documents(file))


def test_strict_refuses_a_file_with_such_ids(tmp_path):
    file = write(tmp_path / "a.jsonl", {"id": "a", "text": "one"}, {"id": "a", "text": "two"})
    with pytest.raises(UserError, match=r"line 2: the id 'a' is also on line 1.*nothing was"):
        check_documents(DocumentFile(file), strict=True)


def test_many_ids_are_remembered():
    ids = RepeatedIds()
    for number in range(50_000):
        assert ids.earlier(str(number), "x", number) is None
    assert ids.earlier("7", "y", 50_000) == 7
    ids.close()
