"""`review` and `evaluate --by-judge`: real OpenSearch, real Ollama, real encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.support.small_collection import load_small_collection

pytestmark = pytest.mark.integration


@pytest.fixture
def loaded(client: Any, lmtx: Run, tmp_path: Path) -> Path:
    """A cluster with the small collection; returns the folder of its files."""
    return load_small_collection(lmtx, tmp_path)


def test_what_a_person_checks_is_kept_and_corrects_the_judge(
    loaded: Path,
    lmtx: Run,
    client: Any,
) -> None:
    words = ("review", "documents.jsonl", "--system", "bm25", "--sample", "10")
    # A wrong key is explained, an answer is taken back, and the end of the input is the end.
    done = lmtx(*words, input="x\ny\nu\nn\ns\nq\n")
    assert done.returncode == 0, done.stderr
    assert "y yes, n no, s skip" in done.stdout
    assert "Kept 1 answers" in done.stdout
    done = lmtx(*words, "--json", input="n\n" * 200)
    first = json.loads(done.stdout)
    assert (first["before"], first["left"]) == (1, 0)
    assert first["about_training_documents"] == first["answered"]
    client.indices.refresh(index="lmtx-judgments")
    people = {"query": {"term": {"judge": "person"}}}
    assert client.count(index="lmtx-judgments", body=people)["count"] == first["answered"] + 1

    words = ("evaluate", "documents.jsonl", "--by-judge", "--system", "bm25", "--sample", "12")
    done = lmtx(*words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    one = found["systems"]["bm25"]["P@1"]
    assert (one["documents"], one["checked"]) == (12, 10)
    # The person refused everything: whatever the judge says, little can be right.
    assert one["value"] < 0.3
    assert found["both"] == first["answered"] + 1
    assert "people on" in lmtx(*words).stdout


def test_answers_about_other_documents_than_those_of_the_training_do_not_teach(
    loaded: Path, lmtx: Run, client: Any
) -> None:
    rows = [json.loads(line) for line in (loaded / "documents.jsonl").read_text().splitlines()]
    # One is new, one has another text, and one is a training document.
    some = [{**rows[0], "id": "new"}, {**rows[1], "text": "Something else."}, rows[2]]
    (loaded / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    words = ("review", "some.jsonl", "--system", "bm25")
    assert "2 of 3 documents are not in lmtx-documents" in lmtx(*words, input="q\n").stdout
    before = client.count(index="lmtx-documents")["count"]
    done = json.loads(lmtx(*words, "--json", input="y\n" * 50).stdout)
    assert 0 < done["about_training_documents"] < done["answered"]
    client.indices.refresh(index="lmtx-documents")
    assert client.count(index="lmtx-documents")["count"] == before


def test_without_labels_or_text_there_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    (loaded / "empty.jsonl").write_text('{"id": "a"}\n')
    done = lmtx("review", "empty.jsonl", "--system", "bm25")
    assert done.returncode == 2
    assert "no document with text in title, text" in done.stderr
    done = lmtx("evaluate", "documents.jsonl", "--by-judge", "--gold", "gold.tsv")
    assert done.returncode == 2
    assert "--gold cannot be combined with --by-judge" in done.stderr
