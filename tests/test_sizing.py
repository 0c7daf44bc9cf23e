"""`estimate --documents`: what a workload needs follows from measured constants."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from safetensors.numpy import save_file

from lmtx_search.cli.main import cli
from lmtx_search.cli.sizing import _bytes
from lmtx_search.encoder.size import DEFAULT_SIZE, EncoderSize, size_of
from lmtx_search.sizing import MEASURED, Workload, needs

WORK = Workload(documents=1_000_000, labels=100_000, per_day=500_000)
ROUND = replace(
    MEASURED,
    tagging_ms={"transformer": 9.0},
    compared_ms=1e-5,
    worded_ms=0.0,
    search_ms=4.0,
    document_bytes=900,
    tags_bytes=100,
    label_index_bytes=1000,
    judgment_bytes=500,
)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["estimate", *words], prog_name="lmtx-search")


def test_processor_time_grows_with_documents_labels_and_windows() -> None:
    found = needs(WORK, ROUND).tagging["transformer"]
    assert found.milliseconds == pytest.approx(10)
    assert found.cores == pytest.approx(500_000 * 0.010 / 86_400)
    assert found.existing_core_hours == pytest.approx(1_000_000 * 0.010 / 3600)
    longer = needs(replace(WORK, windows=2), ROUND).tagging["transformer"]
    assert longer.milliseconds == pytest.approx(19)


def test_labels_are_compared_once_for_each_window_if_the_best_window_counts() -> None:
    work = replace(WORK, windows=3, each_window=True)
    worded = replace(ROUND, worded_ms=1e-5)
    assert needs(work, worded).tagging["transformer"].milliseconds == pytest.approx(27 + 3 * 2)
    # The label index is searched for each window, and the words are compared once.
    searched = needs(replace(work, exact_labels=99_999), worded).tagging["transformer"]
    assert searched.milliseconds == pytest.approx(27 + 3 * 4 + 1)


@pytest.mark.parametrize(("pooling", "more"), [("mean", 0.0), ("max", 2 * 13.0)])
def test_the_command_reads_how_windows_are_combined(
    monkeypatch: pytest.MonkeyPatch, pooling: str, more: float
) -> None:
    monkeypatch.setenv("LMTX_ENCODER_WINDOWS", "3")
    monkeypatch.setenv("LMTX_ENCODER_WINDOW_POOLING", pooling)
    monkeypatch.setenv("LMTX_SERVICE_EXACT_LABELS", "1000000")
    done = run("--documents", "10", "--labels", "1000000", "--json")
    found = json.loads(done.stdout)["tagging"]["transformer"]["milliseconds"]
    assert found == pytest.approx(3 * 14.7 + 13.0 + more)


def test_a_larger_encoder_and_longer_texts_take_longer() -> None:
    twice = replace(DEFAULT_SIZE, layers=12)
    wide = replace(DEFAULT_SIZE, layers=12, width=768, dimension=768)
    for changes, milliseconds in (
        ({"tokens": 256}, 18),
        ({"encoder": twice}, 18),
        ({"encoder": wide}, 72),
        ({"encoder": twice, "tokens": 64}, 9),
    ):
        found = needs(replace(WORK, **changes), ROUND)
        assert found.tagging["transformer"].milliseconds == pytest.approx(milliseconds + 1)


def test_memory_and_disk_grow_with_the_encoder_and_its_embeddings() -> None:
    larger = replace(DEFAULT_SIZE, dimension=768, weights=DEFAULT_SIZE.weights + 400_000_000)
    before, after = needs(WORK, ROUND), needs(replace(WORK, encoder=larger), ROUND)
    embeddings = 100_000 * 4 * 384
    assert after.service_bytes - before.service_bytes == 2 * (embeddings + 100_000_000)
    assert after.version_bytes - before.version_bytes == 2 * (embeddings + 500_000_000)
    assert after.disk["labels"] - before.disk["labels"] == 4 * embeddings


def test_a_static_encoder_has_no_times_of_a_transformer() -> None:
    static = replace(DEFAULT_SIZE, layers=0, width=0)
    assert list(needs(replace(WORK, encoder=static)).tagging) == ["static"]


def test_the_command_names_the_encoder_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LMTX_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("LMTX_ENCODER_DOCUMENT_TOKENS", "256")
    words = ("--documents", "10", "--labels", "10", "--encoder")
    small = run(*words, "multilingual-e5-small").stdout
    assert small.startswith("Encoder")
    assert "multilingual-e5-small (12 layers of 384, embeddings of 384), 1 window of 256" in small
    assert "needs 2 times as long as the default encoder" in small
    found = json.loads(run(*words, "multilingual-e5-small", "--json").stdout)
    assert found["tagging"]["transformer"]["milliseconds"] == pytest.approx(4 * 14.7, abs=0.1)
    assert "is not on this machine yet" in run(*words, "some/encoder").stdout
    assert "Note" in run(*words, "all-MiniLM-L6-v2").stdout


def test_the_size_of_an_encoder_is_read_from_its_folder(tmp_path: Path) -> None:
    config = {"n_layers": 4, "dim": 64, "torch_dtype": "bfloat16"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"w" * 100)
    assert size_of(tmp_path) == EncoderSize(layers=4, width=64, dimension=64, weights=200)


def test_a_transformer_that_does_not_say_how_many_layers_it_has_is_not_static(
    tmp_path: Path,
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"w" * 100)
    (tmp_path / "config.json").write_text(json.dumps({"d_model": 64, "block_sizes": [4, 4, 4]}))
    assert size_of(tmp_path) is None
    shown = run("--documents", "10", "--labels", "10", "--encoder", str(tmp_path)).stdout
    assert "does not say how many layers it has" in shown
    assert "Transformer" in shown
    (tmp_path / "config.json").write_text(json.dumps({"d_model": 64, "encoder_layers": 12}))
    assert size_of(tmp_path) == EncoderSize(layers=12, width=64, dimension=64, weights=100)


def test_nothing_is_said_of_the_layers_of_a_static_encoder(tmp_path: Path) -> None:
    modules = [{"type": "sentence_transformers.models.StaticEmbedding", "path": ""}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    table = {"embedding.weight": np.zeros((3, 64), dtype=np.float32)}
    save_file(table, tmp_path / "model.safetensors")
    shown = run("--documents", "10", "--labels", "10", "--encoder", str(tmp_path)).stdout
    assert "(a static encoder, embeddings of 64)" in shown
    assert "times as long" not in shown


def test_there_are_two_services_at_least_and_more_when_two_do_not_keep_up() -> None:
    assert needs(WORK, ROUND).tagging["transformer"].services == 2
    busy = needs(replace(WORK, per_day=50_000_000), ROUND).tagging["transformer"]
    assert busy.services == 3  # 5.8 cores


def test_above_exact_labels_the_index_is_searched_and_embeddings_are_not_in_memory() -> None:
    exact = needs(replace(WORK, exact_labels=100_000), ROUND)
    searched = needs(replace(WORK, exact_labels=99_999), ROUND)
    assert (exact.exact, searched.exact) == (True, False)
    assert searched.tagging["transformer"].milliseconds == pytest.approx(13)
    assert exact.service_bytes - searched.service_bytes == 2 * 100_000 * 4 * 384


def test_disk_has_a_replica_and_two_label_indices() -> None:
    assert needs(WORK, ROUND).disk == {
        "documents": 2 * 900_000_000,
        "tags": 2 * 100_000_000,
        "labels": 4 * 100_000_000,
        "judgments": 2 * 50_000_000,
    }


def test_a_large_cluster_has_nodes_that_only_manage_it() -> None:
    assert needs(WORK, ROUND).nodes == {"data": 3, "cluster manager only": 0}
    many = needs(replace(WORK, documents=2_000_000_000), ROUND)
    assert many.nodes == {"data": 5, "cluster manager only": 3}
    assert many.shards == 40


def test_the_command_needs_no_cluster_and_reads_large_numbers() -> None:
    words = ("--documents", "1e9", "--labels", "1_000_000", "--per-day", "5000000")
    done = run(*words, "--json")
    told = json.loads(done.stdout)
    assert told["workload"]["documents"] == 1_000_000_000
    assert told["workload"]["labels"] == 1_000_000
    assert told["workload"]["per_day"] == 5_000_000
    assert any("service.exact_labels" in note for note in told["notes"])
    shown = run(*words).stdout
    assert "1,000,000,000 documents, 1,000,000 labels, 5,000,000 new documents a day" in shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.6e9, "1 TB"),
        (123.4e9, "123 GB"),
        (1.236e6, "1.24 MB"),
        (5.678e18, "5,680 PB"),
    ],
)
def test_sizes_are_rounded_before_the_unit_is_chosen(size: float, shown: str) -> None:
    assert _bytes(size) == shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--documents", "1e9"), "give both --documents and --labels"),
        (("--documents", "1e9", "--labels", "1e6", "--cycles", "2"), "--cycles cannot be combined"),
        (("--documents", "many", "--labels", "1"), "'many' is not a number"),
        (("--documents", "1.5", "--labels", "1"), "'1.5' is not a number"),
        (("--documents", "nan", "--labels", "1"), "'nan' is not a number"),
    ],
)
def test_a_wrong_question_is_one_clear_line(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code != 0
    assert said in f"{done.output} {done.exception}"
