"""Training and evaluation from end to end: real OpenSearch, real Ollama, real encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., "CompletedProcess[str]"]

LABELS = {
    "browser": "web browsers",
    "chess": "chess",
    "mail": "electronic mail",
    "astronomy": "astronomy",
    "music": "music players",
    "database": "databases",
    "spell": "spelling",
    "photo": "photography",
}
SMALL = ("--judge-budget", "20", "--pairs-per-document", "2", "--shortlist", "4", "--epochs", "1")


@pytest.fixture
def loaded(client: Any, lmtx: Run, tmp_path: Path) -> Path:
    """A cluster with labels and training documents; returns the folder of the files."""
    labels = [{"id": id_, "text": text} for id_, text in LABELS.items()]
    documents = [
        {"id": f"{id_}-{n}", "title": f"Program {n} about {text}", "text": f"It is for {text}."}
        for id_, text in LABELS.items()
        for n in range(5)
    ]
    for name, rows in (("labels", labels), ("documents", documents)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (tmp_path / "gold.tsv").write_text("".join(f"{d['id']}\t{d['id'][:-2]}\n" for d in documents))
    for words in (
        ("bootstrap-index",),
        ("labels", "load", "labels.jsonl"),
        ("docs", "load", "documents.jsonl"),
    ):
        done = lmtx(*words)
        assert done.returncode == 0, done.stderr
    return tmp_path


def test_a_small_training_from_end_to_end_and_its_answers_are_kept(loaded: Path, lmtx: Run) -> None:
    first = lmtx("train", *SMALL, "--batch-size", "8", "--json")
    assert first.returncode == 0, first.stderr
    record = json.loads(first.stdout)
    assert (Path(record["encoder_path"]) / "model.safetensors").is_file()
    assert record["counts"]["asked"] == 20
    assert record["encoder_digest"] != record["base_digest"]
    assert -1 < record["threshold"] < 1

    # The same again: the training pairs are known, and the same encoder comes out.
    second = lmtx("train", *SMALL, "--batch-size", "8", "--json")
    assert second.returncode == 0, second.stderr
    again = json.loads(second.stdout)
    assert again["counts"]["asked"] == 0
    assert again["counts"]["known"] == 20
    assert again["encoder_digest"] == record["encoder_digest"]


def test_a_label_version_made_for_a_training_alone_goes_with_it(
    loaded: Path, lmtx: Run, client: Any, environment: dict[str, str]
) -> None:
    other = environment | {"LMTX_ENCODER_LABEL_TOKENS": "16"}
    done = lmtx("train", *SMALL, "--batch-size", "8", env=other)
    assert done.returncode == 0, done.stderr
    assert set(client.indices.get(index="lmtx-labels-*")) == {"lmtx-labels-000001"}


def test_systems_are_measured_side_by_side(loaded: Path, lmtx: Run) -> None:
    (loaded / "gold.tsv").open("a").write("nobody\tchess\n")
    done = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["systems"]) == {"bm25", "frozen"}
    assert result["documents"] == 40
    assert result["unknown_documents"] == 1
    assert result["systems"]["frozen"]["P@1"]["value"] > 0.8
    assert result["systems"]["bm25"]["P@1"]["value"] > 0.5


def test_a_batch_larger_than_the_collection_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    done = lmtx("train", *SMALL, "--batch-size", "64")
    assert done.returncode == 2
    assert "40 training documents are fewer than a batch of 64" in done.stderr


def test_without_ollama_there_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    done = lmtx("--ollama", "http://127.0.0.1:9", "train", *SMALL, "--batch-size", "8")
    assert done.returncode == 2
    assert "no Ollama at http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_model_is_told_with_the_line_that_fetches_it(loaded: Path, lmtx: Run) -> None:
    done = lmtx("--model", "nobody/nothing:1b", "train", *SMALL, "--batch-size", "8")
    assert done.returncode == 2
    assert "ollama pull nobody/nothing:1b" in done.stderr


def test_an_empty_gold_file_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    (loaded / "gold.tsv").write_text("")
    done = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv")
    assert done.returncode == 2
    assert "gold file is empty" in done.stderr
