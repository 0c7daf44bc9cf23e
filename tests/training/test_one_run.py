"""One training from end to end, and what is done with it: the tests share it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.windows import Windows
from lmtx_search.progress import SILENT
from lmtx_search.records import Label
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, trained_source
from lmtx_search.tagging.deployment.make_version import tagging_rule
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.run_files import run_words
from lmtx_search.tagging.versions.contents import VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.known_answers import KnownAnswers, known_answers
from lmtx_search.training.refit import refit
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.words.weights import read_offsets
from tests.conftest import Run, environment_of, flags_of, runner
from tests.support.backends import Servers
from tests.support.small_collection import LABELS, SMALL, load_small_collection
from tests.support.tagger_service import running
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
    # So few documents all teach, and nothing has to be measured.
    assert record["learning"]["documents"] == record["counts"]["documents"]
    assert record["learning"]["seconds"] is None


def test_a_run_is_measured_before_it_is_deployed_and_as_its_tagger_is(
    trained: Trained,
) -> None:
    record, settings, lmtx = trained.record, trained.settings, trained.lmtx
    source = trained_source(settings, RunStore(connect(settings.opensearch)))
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
        words=run_words(Path(record["encoder_path"]), record),
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


def fit_of(
    trained: Trained, renamed: Mapping[str, str] | None = None
) -> tuple[KnownAnswers, EncoderSource]:
    """Return the answers that are stored now, and what the run made.

    Args:
        renamed: new texts of labels, by id.
    """
    settings = trained.settings
    client = connect(settings.opensearch)
    source = trained_source(settings, RunStore(client))
    run = RunAnswers.read(source.folder.parent)
    new = renamed or {}
    labels = [replace(one, text=new.get(one.id, one.text)) for one in LabelIndex(client).labels()]
    judge = trained.record["judge"]
    return known_answers(client, settings.documents, labels, run, judge), source


def test_without_a_new_answer_a_fit_gives_what_the_run_has(trained: Trained) -> None:
    known, source = fit_of(trained)
    assert known.new == 0
    settings, words = trained.settings, source.words
    assert words is not None
    assert words.offsets
    labels = [Label(id_, text) for id_, text in LABELS.items()]
    encoder, names = (
        load_encoder(settings, max_tokens=tokens, folder=source.folder)
        for tokens in (settings.encoder.document_tokens, settings.encoder.label_tokens)
    )
    vectors = embed_labels(names, labels)
    windows = Windows.of(settings.encoder)
    found = refit(known, encoder, labels, vectors, windows, words, SILENT)
    assert found.offsets == pytest.approx(words.offsets, abs=1e-4)
    assert found.threshold is not None
    assert found.threshold.value == pytest.approx(source.threshold, abs=1e-4)
    assert found.threshold.interval == pytest.approx(source.threshold_interval, abs=1e-3)
    assert found.calibration == source.calibration


def test_answers_of_the_judge_about_another_name_of_a_label_do_not_count(
    trained: Trained,
) -> None:
    before, _ = fit_of(trained)
    after, _ = fit_of(trained, {"chess": "a game of kings"})
    about = sum("chess" in of_labels for of_labels in before.answers.judge.values())
    assert about > 0
    assert not any("chess" in of_labels for of_labels in after.answers.judge.values())
    assert after.new == after.by_judge_elsewhere == about
    assert f"{about:,} answers of the judge do not count" in after.left_out[0]


def test_decisions_take_effect_with_the_next_deployment(trained: Trained) -> None:
    settings, lmtx = trained.settings, trained.lmtx
    client = connect(settings.opensearch)
    store = JudgmentStore(client)
    with running(environment_of(settings)):
        assert "because no answer has come since the run" in lmtx("deploy", "--dry-run").stdout
        same = json.loads(lmtx("deploy", "--json").stdout)
        assert same["refit"] is None

        run = RunAnswers.read(Path(trained.record["encoder_path"]).parent)
        assert run is not None
        assert run.copies_apart
        held_out = run.held_out[0]
        documents = list(read_documents(client, "lmtx-documents", ["title", "text"]))
        wrong = Label("chess", LABELS["chess"])
        said = [
            person_judgment(one, wrong, False, 0)
            for one in documents
            if one.id.startswith("chess") or one.id == held_out
        ]
        counted = [one for one in said if one.document_id not in run.held_out]
        store.add(said)
        planned = lmtx("deploy", "--dry-run").stdout
        assert f"({len(counted)} answers are new or changed, {len(counted)} in all" in planned
        done = lmtx("deploy", "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["refit"]["by_people"] == result["refit"]["new"] == len(counted)
        assert result["refit"]["answers"] >= len(counted)
        assert "are about documents that the run held out, or that repeat" in done.stderr
        versions = TaggerVersions(settings.data_dir)
        before, after = (versions.get(one["version"]) for one in (same, result))
        assert after.manifest.refit == Refit(**result["refit"])
        moved = [read_offsets(version.folder).get("chess", 0.0) for version in (before, after)]
        assert moved[1] < moved[0] - 0.01
        assert before.manifest.encoder_digest == after.manifest.encoder_digest
        said_so = json.loads(lmtx("tag", "--explain", "--json", "A chess program").stdout)
        assert said_so["provenance"]["refit"] == result["refit"]

        store.remove(counted[0].id)
        undone = json.loads(lmtx("deploy", "--json").stdout)
        assert undone["refit"]["by_people"] == len(counted) - 1
        for one in said:
            store.remove(one.id)
        again = json.loads(lmtx("deploy", "--json").stdout)
    assert again["refit"] is None
    assert versions.get(again["version"]).manifest.threshold == before.manifest.threshold
