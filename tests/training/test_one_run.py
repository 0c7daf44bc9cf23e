"""One training from end to end, and what is done with it: the tests share it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Label
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.deployment.encoder_source import run_words, trained_source
from lmtx_search.tagging.deployment.make_version import tagging_rule
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.versions.contents import VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run, environment_of, flags_of, runner
from tests.support.backends import Servers
from tests.support.small_collection import LABELS, SMALL, load_small_collection
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

TRAIN = ("train", *SMALL, "--batch-size", "8", "--json")


@dataclass(frozen=True)
class Trained:
    """A finished training: its record, and what runs commands beside it."""

    record: dict[str, Any]
    settings: Settings
    lmtx: Run


@pytest.fixture(scope="module")
def trained(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("one-run")
    settings = load_settings(flags=flags_of(servers, folder / "data"))
    wipe(connect(settings.opensearch))
    lmtx = runner(environment_of(settings), folder)
    load_small_collection(lmtx, folder)
    done = lmtx(*TRAIN)
    assert done.returncode == 0, done.stderr
    return Trained(json.loads(done.stdout), settings, lmtx)


def test_the_record_has_the_encoder_the_calls_and_the_threshold(trained: Trained) -> None:
    record = trained.record
    assert (Path(record["encoder_path"]) / "model.safetensors").is_file()
    assert record["counts"]["asked"] == 20
    assert record["encoder_digest"] != record["base_digest"]
    assert -1 < record["threshold"] < 1


def test_a_run_is_measured_before_it_is_deployed_and_as_its_tagger_is(
    trained: Trained,
) -> None:
    record, settings, lmtx = trained.record, trained.settings, trained.lmtx
    source = trained_source(RunStore(connect(settings.opensearch)))
    encoder = load_encoder(settings, max_tokens=64, folder=Path(record["encoder_path"]))
    labels = [Label(id_, text) for id_, text in LABELS.items()]
    version = TaggerVersions(settings.data_dir).create(
        VersionEncoder(
            onnx_folder=encoder.folder,
            name="run",
            digest=encoder.digest,
            precision="fp32",
            document_tokens=settings.encoder.document_tokens,
        ),
        VersionLabels(
            labels=labels,
            embeddings=encoder.encode([label.text for label in labels]),
        ),
        tagging_rule(settings.documents, source, DeployOptions()),
        words=run_words(Path(record["encoder_path"]), record["words"]),
    )
    names = ("run", f"run:{record['run']}", f"tagger:{version.manifest.version}")
    words = [word for name in names for word in ("--system", name)]
    done = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv", *words, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result["systems"]) == list(names)
    run, same, tagger = result["systems"].values()
    assert run == same
    assert run["P@1"] == tagger["P@1"]
    assert run["micro F1"]["value"] == pytest.approx(tagger["micro F1"]["value"], abs=0.02)
    assert result["measured"]["run"]["of"] == record["run"]
    assert result["differences"][0]["measures"]["P@1"]["p"] == 1.0

    shown = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv", "--system", "run", "--all")
    assert f"run is {record['run']}" in shown.stdout
    done = lmtx("evaluate", "documents.jsonl", "--gold", "gold.tsv", "--system", "run:nothing")
    assert done.returncode == 2
    assert "no training run nothing" in done.stderr


def test_the_same_training_again_asks_nothing_and_makes_the_same_encoder(trained: Trained) -> None:
    done = trained.lmtx(*TRAIN)
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["counts"]["asked"], again["counts"]["known"]) == (0, 20)
    assert again["encoder_digest"] == trained.record["encoder_digest"]
