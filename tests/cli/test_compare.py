"""`compare` from end to end: real OpenSearch, real Ollama, real encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.evaluation.comparators import DEFAULT
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.support.small_collection import SMALL, load_small_collection

pytestmark = pytest.mark.integration


@pytest.fixture
def loaded(client: Any, lmtx: Run, tmp_path: Path) -> Path:
    """A cluster with the small collection; returns the folder of its files."""
    return load_small_collection(lmtx, tmp_path)


GOLD = ("documents.jsonl", "--gold", "gold.tsv", "--train-gold", "gold.tsv")


def test_all_comparators_side_by_side_and_what_is_finished_is_kept(
    loaded: Path,
    lmtx: Run,
    settings: Settings,
) -> None:
    done = lmtx("train", *SMALL, "--batch-size", "4", "--keep-cycles", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    words = ("compare", *GOLD, "--judged", "2", "--learn-from", "10", "--json")

    done = lmtx(*words, "--output", "results")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = found["comparators"]
    unjudged = ("named", "named-words", "unjudged")  # there are too few documents for these
    assert list(rows) == [name for name in DEFAULT if name not in unjudged]
    assert tuple(found["skipped"]) == unjudged
    assert set(found["best_without_judge"]) == {"P@1", "P@5", "R@10"}
    assert found["training_run"] == record["run"]
    assert found["learned_from"] == 10
    assert (rows["icxml"]["documents"], rows["icxml"]["calls"]) == (2, 8)
    assert rows["lmtx"]["calls"] == 20
    assert all(rows[name]["measures"]["P@1"]["value"] > 0.3 for name in rows)
    assert all(rows[name]["learn_seconds"] > 0 for name in ("maclr", "rts", "control", "ceiling"))
    assert not any(row["kept"] for row in rows.values())
    assert (loaded / "results" / "comparison.svg").is_file()
    assert not list((settings.data_dir / "compare").glob("now"))

    done = lmtx("report", *GOLD, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == record["run"]
    html = (loaded / "report.html").read_text()
    assert "Beside other ways" in html
    assert "Cycle by cycle" in html
    assert "Is it right when it is sure?" not in html

    # One of them is gone, as if the command had been killed before it: only that one runs again.
    (folder,) = (path for path in (settings.data_dir / "compare").iterdir() if path.is_dir())
    (folder / "tfidf.json").unlink()
    again = json.loads(lmtx(*words).stdout)["comparators"]
    assert [name for name, row in again.items() if not row["kept"]] == ["tfidf"]
    assert {n: row["measures"] for n, row in again.items()} == {
        n: row["measures"] for n, row in rows.items()
    }


def test_files_are_compared_like_the_cluster_and_leave_nothing_there(
    loaded: Path,
    lmtx: Run,
    client: Any,
) -> None:
    only = ("--comparator", "bm25", "--comparator", "tfidf", "--json")
    of_cluster = lmtx("compare", *GOLD, *only)
    assert of_cluster.returncode == 0, of_cluster.stderr
    files = ("--labels", "labels.jsonl", "--train", "documents.jsonl")
    of_files = lmtx("compare", *GOLD, *only, *files)
    assert of_files.returncode == 0, of_files.stderr
    one, other = (json.loads(x.stdout)["comparators"] for x in (of_cluster, of_files))
    assert one["bm25"]["measures"] == other["bm25"]["measures"]
    assert one["tfidf"]["measures"] == other["tfidf"]["measures"]
    assert list(client.indices.get(index="lmtx-labels-*")) == ["lmtx-labels-000001"]

    done = lmtx("compare", *GOLD, "--comparator", "lmtx")
    assert done.returncode == 2
    assert "lmtx cannot run here: there is no training run" in done.stderr


def test_a_study_of_cycles_measures_each_and_goes_on_where_it_ended(
    loaded: Path,
    lmtx: Run,
    settings: Settings,
) -> None:
    words = ("study", "cycles", "documents.jsonl", "--gold", "gold.tsv", "--values", "2")
    words = (*words, "--judge-budget", "20", "--documents", "40", "--json")
    done = lmtx(*words)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert [row["value"] for row in record["rows"]] == ["untrained", "1", "2"]
    assert (loaded / "studies" / "cycles.csv").is_file()
    assert not list((settings.data_dir / "runs").iterdir())
    # `deploy` takes the last run of a training, and this one's encoder is gone.
    assert {run["kind"] for run in json.loads(lmtx("runs", "--json").stdout)["runs"]} == {"study"}

    # The judge is not needed any more: everything is kept.
    again = lmtx("--ollama", "http://127.0.0.1:9", *words)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["rows"] == record["rows"]

    # An earlier model of this name needed more cycles: they are not those of the one it has now.
    (end,) = (settings.data_dir / "studies").rglob("*-end.json")
    identity = end.name.removesuffix("-end.json")
    third = end.with_name(f"{identity}-3.json")
    third.write_text(end.with_name(f"{identity}-2.json").read_text())
    made_by = end.with_name(f"{identity}-judge.json")
    stored = json.loads(made_by.read_text())
    stored["found"]["judge"] = "an earlier model"
    made_by.write_text(json.dumps(stored))
    for _ in range(2):
        again = lmtx(*words)
        assert again.returncode == 0, again.stderr
        assert [row["value"] for row in json.loads(again.stdout)["rows"]] == ["untrained", "1", "2"]

    done = lmtx("study", "nothing", "documents.jsonl", "--gold", "gold.tsv")
    assert done.returncode == 2
    assert "no study 'nothing': there are teacher, documents" in done.stderr
