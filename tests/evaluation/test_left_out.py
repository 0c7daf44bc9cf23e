"""What the files of a comparison and a report leave out is counted and said."""

from __future__ import annotations

import json
from pathlib import Path

from lmtx_search.evaluation.comparison.open_context import _read_training
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.report.gather import _documents
from lmtx_search.progress import SILENT
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.training.settings import TrainingSettings
from tests.support.notes import Notes


def file_of(folder: Path) -> Path:
    rows = [{"id": "a", "text": "A"}, {"id": "b", "text": " "}, {"id": "a", "text": "A"}]
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n")
    return path


def test_of_training_documents_of_a_comparison(tmp_path: Path) -> None:
    notes, gold = Notes(), GoldFiles(field="tags")
    path = file_of(tmp_path)
    found = _read_training(Settings(), None, TrainingSettings(), gold, path, notes)
    assert {one.id for one in found} == {"a"}
    assert notes.kept == [
        "train.jsonl: malformed lines that were skipped: 1",
        "train.jsonl: repeated document ids: 1",
        "train.jsonl: documents without text, which were left out: 1",
    ]


def test_of_documents_of_a_report_without_gold_tags(tmp_path: Path) -> None:
    file = DocumentFile(file_of(tmp_path))
    _, documents, _, (note,) = _documents(Settings(), None, file, None, [], SILENT)
    assert [one.id for one in documents] == ["a"]
    assert "Malformed lines that were skipped: 1" in note
    assert "Documents without text that were left out: 1" in note
