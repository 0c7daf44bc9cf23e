"""Training and evaluation from end to end: real OpenSearch, real Ollama, real encoder."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.support.small_collection import LABELS, SMALL, load_small_collection

pytestmark = pytest.mark.integration


@pytest.fixture
def loaded(client: Any, lmtx: Run, tmp_path: Path) -> Path:
    """A cluster with the small collection; returns the folder of its files."""
    return load_small_collection(lmtx, tmp_path)


def test_a_label_version_made_for_a_training_alone_goes_with_it(
    loaded: Path, lmtx: Run, client: Any, environment: dict[str, str]
) -> None:
    other = environment | {"LMTX_ENCODER_LABEL_TOKENS": "16"}
    done = lmtx("train", *SMALL, "--batch-size", "8", env=other)
    assert done.returncode == 0, done.stderr
    assert set(client.indices.get(index="lmtx-labels-*")) == {"lmtx-labels-000001"}


def test_labels_for_people_only_and_documents_that_are_never_touched_teach_nothing(
    loaded: Path, lmtx: Run, client: Any, environment: dict[str, str]
) -> None:
    (loaded / "rules.txt").write_text("people-only chess mail\n")
    query = '{"prefix": {"title": "Program 0"}}'
    other = environment | {
        "LMTX_LABEL_RULES": str(loaded / "rules.txt"),
        "LMTX_DOCUMENTS_UNTOUCHED_QUERY": query,
    }
    done = lmtx("train", *SMALL, "--batch-size", "8", "--json", env=other)
    assert done.returncode == 0, done.stderr
    assert "labels for people only (label.rules): 2. The judge" in done.stderr
    assert "training documents that are never touched" in done.stderr
    assert "(documents.untouched_query): 8" in done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts["labels"] == len(LABELS) - 2
    hits = client.search(index="lmtx-judgments", body={"size": 1000})["hits"]["hits"]
    asked = {(hit["_source"]["document_id"], hit["_source"]["label_id"]) for hit in hits}
    assert len(asked) >= 10
    assert not {label for _, label in asked} & {"chess", "mail"}
    assert not [document for document, _ in asked if document.endswith("-0")]


def test_two_cycles_killed_after_the_first_go_on_and_are_in_the_record(
    loaded: Path, lmtx: Run, settings: Settings, client: Any, environment: dict[str, str]
) -> None:
    words = ["train", "--cycles", "2", "--judge-budget", "28", "--pairs-per-document", "2"]
    words += ["--shortlist", "4", "--epochs", "1", "--batch-size", "8", "--json"]
    words += ["--least-documents", "2"]
    before = client.indices.get_alias(name="lmtx-labels")
    program = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]
    killed = subprocess.Popen([*program, *words], env=environment, cwd=loaded)
    try:
        finished = wait_for_file(settings.data_dir / "runs", ".*/cycle-1/result.json", killed)
    finally:
        killed.kill()
        killed.wait()
    first = json.loads(finished.read_text())
    judged_then = client.count(index="lmtx-judgments")["count"]

    done = lmtx(*words)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["cycles_from_before"] == 1
    assert [cycle["cycle"] for cycle in record["cycles"]] == [1, 2]
    assert record["cycles"][0]["measures"]["loss"] == first["loss"]
    assert (Path(record["encoder_path"]) / "model.safetensors").is_file()

    # Not one pair was asked twice: every answer is another judgment.
    client.indices.refresh(index="lmtx-judgments")
    everything = client.count(index="lmtx-judgments")["count"]
    assert judged_then <= everything == record["counts"]["asked"] + record["counts"]["known"]
    # Users' searches saw their own version all the time, and nothing of the run is left.
    assert client.indices.get_alias(name="lmtx-labels") == before
    assert set(client.indices.get(index="lmtx-labels-*")) == set(before)
    assert [path.name for path in (settings.data_dir / "runs").iterdir()] == [record["run"]]

    listed = json.loads(lmtx("runs", "--json").stdout)["runs"]
    assert [run["id"] for run in listed] == [record["run"]]
    assert listed[0]["cycles"] == 2
    shown = json.loads(lmtx("runs", "show", record["run"], "--json").stdout)
    assert shown["settings"] == record["settings"]
    assert (
        f"encoder_digest: {record['encoder_digest']}" in lmtx("runs", "show", record["run"]).stdout
    )


def wait_for_file(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> Path:
    """Return the first file of the pattern, as soon as the process has written it."""
    while process.poll() is None:
        for path in folder.glob(pattern):
            return path
        time.sleep(0.02)
    raise AssertionError(f"the process ended ({process.returncode}) without a {pattern}")


def test_after_a_failure_no_label_version_of_the_run_is_left(
    loaded: Path, lmtx: Run, client: Any
) -> None:
    # Labels are read to other lengths than those that were loaded: the run makes its own version.
    done = lmtx("train", *SMALL, "--profile", "paper", "--batch-size", "8", "--judge-budget", "1")
    assert done.returncode == 2
    assert "only 1 documents were judged" in done.stderr
    assert "2 are needed to train on (--least-documents)" in done.stderr
    assert list(client.indices.get(index="lmtx-labels-*")) == ["lmtx-labels-000001"]


def test_an_unknown_run_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    assert "There are no runs" in lmtx("runs").stdout
    done = lmtx("runs", "show", "nothing")
    assert done.returncode == 2
    assert "there is no run nothing" in done.stderr


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
    (difference,) = result["differences"]
    assert (difference["system"], difference["minus"]) == ("frozen", "bm25")
    assert 0 < difference["measures"]["P@1"]["p"] <= 1
    assert result["label_counts"] == {"of": "the gold itself", "documents": 40}
    assert any("R@100 includes all" in note for note in result["notes"])


def test_gold_of_each_form_is_measured_alike(loaded: Path, lmtx: Run) -> None:
    labels = list(LABELS)
    read = [json.loads(line) for line in (loaded / "documents.jsonl").open()]
    rows = [labels.index(document["id"][:-2]) for document in read]
    (loaded / "tst.txt").write_text(
        f"40 1 {len(labels)}\n" + "".join(f"{row} 0:1\n" for row in rows)
    )
    for document, row in zip(read, rows, strict=True):
        document["tags"] = [LABELS[labels[row]]]
    (loaded / "tagged.jsonl").write_text("".join(json.dumps(row) + "\n" for row in read))
    found = []
    for words in (
        ("documents.jsonl", "--gold", "gold.tsv", "--train-gold", "gold.tsv"),
        ("documents.jsonl", "--gold", "tst.txt", "--labels", "labels.jsonl"),
        ("tagged.jsonl", "--gold-field", "tags"),
    ):
        words = (*words, "--system", "frozen", "--propensity-a", "0.6")
        done = lmtx("evaluate", *words, "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["propensity"] == {"a": 0.6, "b": 1.5}
        found.append(result["systems"]["frozen"])
    assert found[0] == found[1] == found[2]

    done = lmtx("evaluate", "documents.jsonl", "--gold", "tst.txt", "--system", "frozen")
    assert done.returncode == 2
    assert "--labels" in done.stderr


def test_a_batch_larger_than_the_collection_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    done = lmtx("train", *SMALL, "--batch-size", "64")
    assert done.returncode == 2
    assert "40 training documents are fewer than a batch of 64" in done.stderr


def test_without_ollama_there_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    done = lmtx("--ollama", "http://127.0.0.1:9", "train", *SMALL, "--batch-size", "8")
    assert done.returncode == 2
    assert "no Ollama at http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_model_is_reported_with_the_command_that_fetches_it(
    loaded: Path, lmtx: Run
) -> None:
    done = lmtx("--model", "nobody/nothing:1b", "train", *SMALL, "--batch-size", "8")
    assert done.returncode == 2
    assert "ollama pull nobody/nothing:1b" in done.stderr


def test_an_empty_gold_file_is_one_clear_line(loaded: Path, lmtx: Run) -> None:
    (loaded / "gold.tsv").write_text("")
    done = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv")
    assert done.returncode == 2
    assert "gold file is empty" in done.stderr
