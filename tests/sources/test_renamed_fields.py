"""Fields of a file that have the name of a field of the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.records import Document
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.read_options import ReadOptions


def read(path: Path, options: ReadOptions, **settings: Any) -> list[Document]:
    found = list(DocumentFile(path, **settings).read(options))
    assert all(isinstance(one, Document) for one in found)
    return [one for one in found if isinstance(one, Document)]


def annif(name: str) -> str:
    return json.dumps(
        {"document_id": "1", "text": "whole", "metadata": {"title": "T", name: "own"}}
    )


def test_a_field_of_the_file_is_moved_aside_and_noted_once(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    path.write_text(f"{annif('abstract')}\n{annif('abstract')}\n")
    options = ReadOptions()
    first, _ = read(path, options, format="annif", text_fields=["title", "abstract"])
    assert first.text == "T\nwhole"
    assert first.source == {"id": "1", "title": "T", "abstract": "whole", "file_abstract": "own"}
    (note,) = options.notes
    assert note.startswith("the field abstract of the file is read as file_abstract, because ")


@pytest.mark.parametrize("fields", [["description"], ["title", "description"]])
def test_front_matter_keeps_its_text_and_its_description(tmp_path: Path, fields: list[str]) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: T\ndescription: own\n---\nwhole\n")
    (found,) = read(tmp_path, ReadOptions(), text_fields=fields)
    assert found.text == "T\nwhole"
    assert found.source["file_description"] == "own"


def test_an_id_of_the_file_does_not_replace_the_own_one(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text('{"id": 7, "subject": "T", "external_id": "x"}\n')
    (found,) = read(path, ReadOptions(), format="zendesk", id_field="external_id")
    assert (found.id, found.source["file_external_id"]) == ("7", "x")


def test_a_name_that_is_free_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    path.write_text(annif("abstract"))
    options = ReadOptions()
    (found,) = read(path, options, format="annif", text_fields=["title", "abstract", "body"])
    assert found.source == {"id": "1", "title": "T", "body": "whole", "abstract": "own"}
    assert not options.notes


def test_a_name_aside_that_the_file_has_too_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    metadata = {"title": "T", "body": "own", "file_body": "other"}
    path.write_text(json.dumps({"document_id": "1", "text": "whole", "metadata": metadata}))
    (found,) = read(path, ReadOptions(), format="annif", text_fields=["title", "body"])
    assert found.source == {
        **{"id": "1", "title": "T", "body": "whole"},
        **{"file_body": "other", "file_body_2": "own"},
    }
