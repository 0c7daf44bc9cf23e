"""Spreadsheets as tables of documents."""

from __future__ import annotations

import json
from pathlib import Path

from openpyxl import Workbook

from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile


def write(path: Path, *rows: list[object]) -> DocumentFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return DocumentFile(path)


def test_columns_may_differ_in_case(tmp_path: Path) -> None:
    (document,) = write(tmp_path / "d.xlsx", ["ID", "Title"], [7, "T"])
    assert isinstance(document, Document)
    assert document.source == {"id": "7", "title": "T"}


def test_a_row_that_does_not_fit_is_kept(tmp_path: Path) -> None:
    (bad,) = write(tmp_path / "d.xlsx", ["id"], [1, "more"])
    assert isinstance(bad, BadLine)
    assert json.loads(bad.raw) == ["1", "more"]


def test_the_columns_of_a_sheet_have_one_meaning_whatever_cells_are_empty(tmp_path: Path) -> None:
    rows = [["ID", "Title", "TITLE"], [1, "a", "b"], [2, None, "c"], [3, "d", None]]
    file = write(tmp_path / "d.xlsx", *rows)
    assert [one.source for one in file if isinstance(one, Document)] == [
        {"id": "1", "Title": "a", "TITLE": "b"},
        {"id": "2", "TITLE": "c"},
        {"id": "3", "Title": "d"},
    ]
    (note,) = (note for note in file.last_read.notes if "fields of the settings" in note)
    assert note.endswith("ID → id")
