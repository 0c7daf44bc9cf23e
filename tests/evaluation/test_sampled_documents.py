"""Documents that are drawn for a judge or for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.systems import System
from lmtx_search.evaluation.without_gold.sampled_documents import draw, sample_labels
from lmtx_search.progress import Progress
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.sources import DocumentFile
from tests.support.notes import Notes

NEVER = {"documents.untouched_query": '{"term": {"source": "archive"}}'}


def write(folder: Path, *sources: str) -> DocumentFile:
    file = folder / "documents.jsonl"
    lines = [
        json.dumps({"id": str(number), "text": "a text", "source": source})
        for number, source in enumerate(sources)
    ]
    file.write_text("\n".join(lines))
    return DocumentFile(file)


def test_documents_that_are_never_touched_are_not_drawn_but_counted(tmp_path: Path) -> None:
    file = write(tmp_path, "press", "archive", "press", "archive")
    found = draw(load_settings(flags=NEVER), file, 10, seed=0)
    assert {document.id for document in found.documents} == {"0", "2"}
    assert found.note() == (
        "Left out: documents that are never touched (documents.untouched_query): 2"
    )


def test_nothing_is_said_where_nothing_was_left_out(tmp_path: Path) -> None:
    assert draw(load_settings(), write(tmp_path, "press"), 10, seed=0).note() is None


def test_a_file_with_no_document_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="that may be tagged"):
        draw(load_settings(flags=NEVER), write(tmp_path, "archive"), 10, seed=0)


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    lines = ['{"id": "a", "text": "A"}', "broken", '{"id": "a", "text": "B"}', '{"id": "c"}']
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    drawn = draw(load_settings(), DocumentFile(tmp_path / "d.jsonl"), 10, 0)
    assert [one.text for one in drawn.documents] == ["B"]
    assert (drawn.bad_lines, drawn.repeated, drawn.without_text) == (1, 1, 1)
    assert "Malformed lines that were skipped: 1" in (drawn.note() or "")


def test_what_the_reader_leaves_out_is_told(tmp_path: Path) -> None:
    comments = [{"body": "It jams", "public": True}, {"body": "SECRET", "public": False}]
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps({"tickets": [{"id": 1, "comments": comments}]}))
    drawn = draw(load_settings(), DocumentFile(path, "zendesk"), 10, 0)
    assert [one.text for one in drawn.documents] == ["It jams"]
    assert drawn.note() == "Left out: 1 internal notes of tickets"


def test_drawn_documents_have_the_fields_that_rules_read(tmp_path: Path) -> None:
    found = draw(load_settings(), write(tmp_path, "press", "radio"), 10, seed=0)
    assert {one.id: one.source["source"] for one in found.documents} == {"0": "press", "1": "radio"}


def test_the_note_of_a_system_is_passed_on() -> None:
    def rank(documents: Sequence[Document], _: Progress) -> Output:
        return Output({one.id: ["a"] for one in documents}, note="rules change 1 document")

    notes = Notes()
    (found,) = sample_labels(System("tagger", rank), [Document("d", "text")], notes)
    assert found.first == ("a",)
    assert notes.kept == ["rules change 1 document"]
