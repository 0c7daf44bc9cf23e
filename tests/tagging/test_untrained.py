"""An untrained encoder is deployed with words and a threshold that suit the training documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.documents.sample import sample_texts
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.progress import SILENT
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.untrained import fit_to_documents
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.words.weights import read_offsets
from tests.conftest import Run
from tests.support.small_collection import load_small_collection
from tests.support.tagger_service import running
from tests.support.tiny_encoder import make_tiny_encoder

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web")]
TEXTS = ["chess", "plays and a", "a mail", *["a", "plays", "and", "a and"] * 5]


def fitted(folder: Path, texts: list[str]) -> tuple[EncoderSource, list[list[tuple[str, float]]]]:
    form = make_tiny_encoder(folder / "form")
    encoder = OnnxEncoder(form, 8)
    embeddings = encoder.encode_labels([label.text for label in LABELS])
    source = EncoderSource(form, "tiny", to_fit=True)
    settings = Settings().encoder
    found = fit_to_documents(settings, source, encoder, LABELS, embeddings, texts, SILENT)
    reader = TextReader(encoder, Windows.of(settings), found.words)
    ids = [label.id for label in LABELS]
    return found, rank_labels(reader, texts, LABELS, ids, embeddings, 1)


def test_words_count_and_rare_ones_count_more(tmp_path: Path) -> None:
    found, _ = fitted(tmp_path, TEXTS)
    assert found.words is not None
    chess, a = found.words.importance.words[[1, 6]]
    assert chess > a


def test_most_documents_reach_the_threshold(tmp_path: Path) -> None:
    found, rankings = fitted(tmp_path, TEXTS)
    assert found.threshold is not None
    assert found.threshold_interval is not None
    reached = sum(ranking[0][1] >= found.threshold for ranking in rankings)
    assert reached >= 0.85 * len(TEXTS)


def test_labels_that_documents_name_have_lower_thresholds(tmp_path: Path) -> None:
    found, _ = fitted(tmp_path, TEXTS)
    assert found.threshold is not None
    assert set(found.own_thresholds) == {"1", "2"}
    assert max(found.own_thresholds.values()) < found.threshold


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Popen[str]]:
    with running(environment) as process:
        yield process


@pytest.mark.integration
def test_deploy_untrained_uses_words_where_there_are_training_documents(
    client: Any, settings: Settings, lmtx: Run, tmp_path: Path, service: Popen[str]
) -> None:
    folder = load_small_collection(lmtx, tmp_path)
    assert folder == tmp_path
    planned = lmtx("deploy", "--untrained", "--dry-run")
    assert "a threshold that suits the training documents" in planned.stdout

    done = lmtx("deploy", "--untrained", "--precision", "fp32", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert 0 < result["suggest_from"] < result["apply_from"] <= 0.5
    manifest = TaggerVersions(settings.data_dir).get(result["version"]).manifest
    assert manifest.words is not None
    assert manifest.bands is not None
    assert manifest.run is None
    tagged = lmtx("tag", "--json", "A program for electronic mail")
    assert json.loads(tagged.stdout)["tags"][0]["name"] == "electronic mail"

    documents = list(read_documents(client, "lmtx-documents", ["title", "text"]))
    mail, chess = Label("mail", "electronic mail"), Label("chess", "chess")
    said = [
        person_judgment(one, label, label is chess, 0)
        for label in (mail, chess)
        for one in documents
        if one.id.startswith(label.id)
    ]
    JudgmentStore(client).add(said)
    assert "(10 answers are new" in lmtx("deploy", "--untrained", "--dry-run").stdout
    again = json.loads(lmtx("deploy", "--untrained", "--precision", "fp32", "--json").stdout)
    assert again["refit"] == {"labels": 2, "answers": 10, "by_people": 10, "new": 10}
    taught = TaggerVersions(settings.data_dir).get(again["version"])
    offsets = read_offsets(taught.folder)
    assert offsets["mail"] < -0.01 < 0.01 < offsets["chess"]
    assert taught.manifest.threshold != manifest.threshold
    assert manifest.refit is None

    texts = list(sample_texts(client, "lmtx-documents", ["title", "text"], 30))
    assert len(set(texts)) == 30
    assert texts == list(sample_texts(client, "lmtx-documents", ["title", "text"], 30))
    assert len(list(sample_texts(client, "lmtx-documents", ["title", "text"], 300))) == 40
    assert list(sample_texts(client, "no-such-index", ["text"], 30)) == []


@pytest.mark.integration
def test_without_training_documents_an_untrained_tagger_says_that_words_do_not_count(
    client: Any, lmtx: Run, tmp_path: Path, service: Popen[str]
) -> None:
    (tmp_path / "labels.jsonl").write_text('{"id": "1", "text": "chess"}\n')
    for words in (("bootstrap-index",), ("labels", "load", "labels.jsonl")):
        assert lmtx(*words).returncode == 0
    done = lmtx("deploy", "--untrained", "--precision", "fp32")
    assert done.returncode == 0, done.stderr
    assert "threshold 0.3," in done.stdout
    assert "Only the encoder counts, not words" in done.stdout
