"""Exports of Karakeep and paperless-ngx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.documents.checkpoint import Checkpoint
from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.documents import DocumentFile
from lmtx_search.sources.exports import read_karakeep, read_paperless
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row


def fields_of(reader: Any, path: Path, options: ReadOptions) -> list[dict[str, Any]]:
    return [row.fields for row in reader(path, options) if isinstance(row, Row)]


BOOKMARKS = [
    {
        "createdAt": 1,
        "title": "Chess",
        "tags": ["games"],
        "note": "read it",
        "content": {"type": "link", "url": "https://a.example"},
    },
    {"createdAt": 2, "tags": [], "content": {"type": "text", "text": "about go"}},
    {"createdAt": 3, "title": None, "tags": [], "content": {"type": "asset"}},
    {"createdAt": 4, "title": "Gone", "tags": [], "content": None},
]


def test_bookmarks_have_text_note_address_and_tags(tmp_path: Path) -> None:
    path = tmp_path / "karakeep.json"
    path.write_text(json.dumps({"bookmarks": BOOKMARKS}, indent=1))
    options = ReadOptions()
    link, text, gone = fields_of(read_karakeep, path, options)
    assert (link["title"], link["text"], link["url"]) == ("Chess", "read it", "https://a.example")
    assert (link["subjects"], text["text"], gone["title"]) == (["games"], "about go", "Gone")
    assert options.left_out.counts == {"bookmarks of the type asset without title and text": 1}
    assert len({one["id"] for one in (link, text, gone)}) == 3


MANIFEST = [
    {"model": "documents.tag", "pk": 4, "fields": {"name": "invoice"}},
    {"model": "documents.correspondent", "pk": 4, "fields": {"name": "Printer & Co"}},
    {
        "model": "documents.document",
        "pk": 9,
        "fields": {"title": "Bill", "content": "Ink, black", "tags": [4, 77], "correspondent": 4},
    },
    {
        "model": "documents.document",
        "pk": 10,
        "fields": {"title": "Old", "content": "x", "deleted_at": "2026-01-01T00:00:00Z"},
    },
]


def test_scanned_documents_have_their_tags_by_name_and_the_bin_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    options = ReadOptions()
    (document,) = fields_of(read_paperless, tmp_path, options)
    assert document == {
        "id": "9",
        "title": "Bill",
        "text": "Ink, black",
        "correspondent": "Printer & Co",
        "subjects": ["invoice"],
    }
    assert options.left_out.lines() == ["Left out: 1 documents in the bin (the first: Old)"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", "not json"])
def test_another_file_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"manifest\.json is not"):
        list(read_paperless(path, ReadOptions()))


def test_notes_of_scanned_documents_are_part_of_their_text(tmp_path: Path) -> None:
    notes = [
        {"model": "documents.note", "pk": 1, "fields": {"document": 9, "note": "Paid twice"}},
        {
            "model": "documents.note",
            "pk": 2,
            "fields": {"document": 9, "note": "x", "deleted_at": "2026-01-01T00:00:00Z"},
        },
    ]
    (tmp_path / "manifest.json").write_text(json.dumps([*notes, *MANIFEST]))
    (document,) = fields_of(read_paperless, tmp_path, ReadOptions())
    assert document["text"] == "Ink, black\nPaid twice"


def test_a_bookmarked_text_keeps_what_stands_in_angle_brackets(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    content = {"type": "text", "text": "vector<int> and <template>"}
    path.write_text(json.dumps({"bookmarks": [{"content": content}]}))
    (bookmark,) = fields_of(read_karakeep, path, ReadOptions())
    assert bookmark["text"] == "vector<int> and <template>"


def test_bookmarks_of_the_api_have_the_names_of_their_tags_and_their_page(tmp_path: Path) -> None:
    bookmark = {
        "title": "Chess",
        "tags": [{"id": "t1", "name": "board games", "attachedBy": "ai"}],
        "content": {"type": "link", "url": "http://x.example", "htmlContent": "<p>Kings</p>"},
    }
    path = tmp_path / "bookmarks.json"
    path.write_text(json.dumps({"bookmarks": [bookmark]}))
    (row,) = read_karakeep(path, ReadOptions())
    assert isinstance(row, Row)
    assert (row.fields["subjects"], row.fields["text"]) == (["board games"], "Kings")


def test_a_manifest_without_documents_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('[{"model": "documents.tag", "pk": 1}]')
    options = ReadOptions()
    assert list(read_paperless(tmp_path, options)) == []
    assert "holds no documents" in options.notes[0]


def test_a_bookmark_with_another_form_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.json"
    path.write_text(json.dumps({"bookmarks": [{"content": "x"}, {"title": 5, "tags": "a"}]}))
    bad, fine = read_karakeep(path, ReadOptions())
    assert isinstance(bad, BadLine)
    assert isinstance(fine, Row)
    assert (fine.fields["title"], fine.fields["subjects"]) == ("5", ["a"])


def test_a_number_that_json_does_not_have_costs_only_the_bookmarks_that_keep_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bookmarks.json"
    unread = {"title": "Tea", "score": float("nan")}
    path.write_text(json.dumps({"bookmarks": [unread, {"title": float("nan")}]}, indent=1))
    fine, bad = read_karakeep(path, ReadOptions())
    assert isinstance(fine, Row)
    assert isinstance(bad, BadLine)
    assert (fine.fields["title"], bad.line) == ("Tea", 8)


def test_a_scan_with_another_form_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    fine = {"title": 5, "tags": "abc", "correspondent": [1]}
    scans = [{"pk": 2, "fields": None}, {"pk": [1], "fields": fine}, {"pk": 3, "fields": fine}]
    path.write_text(json.dumps([{"model": "documents.document", **scan} for scan in scans]))
    *bad, scan = read_paperless(path, ReadOptions())
    assert [type(one) for one in bad] == [BadLine, BadLine]
    assert isinstance(scan, Row)
    assert scan.fields == {"id": "3", "title": "5"}


def test_a_load_that_was_interrupted_depends_on_the_manifest(tmp_path: Path) -> None:
    """The time of the export's folder does not change with its files."""
    export = tmp_path / "export"
    export.mkdir()
    manifest = export / "manifest.json"
    manifest.write_text("[]")
    source = DocumentFile(export, "paperless")
    before = Checkpoint(tmp_path / "loads", source.path, **source.identity())
    before.write({"records": 3})
    assert before.read() == {"records": 3}
    manifest.write_text("[ ]")
    changed = DocumentFile(export, "paperless")
    assert Checkpoint(tmp_path / "loads", changed.path, **changed.identity()).read() is None
