"""A static encoder, distilled by `deploy`, on the real node in both runtimes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.runs import RunStore
from lmtx_search.records import Label
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.words.weights import read_offsets
from tests.conftest import Run, environment_of, flags_of, runner
from tests.support.backends import Servers
from tests.support.live_tagger import index_documents
from tests.support.random_encoders import SENTENCES, make_random_encoder
from tests.support.tagger_service import running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration
pytest.importorskip("sentence_transformers")

DOCUMENTS = 320
TEXTS = [
    "a web browser",
    "chess",
    "electronic mail and music",
    "数学",
    "x",
    "",
    "\u200b",
    "mail " * 999,
]


@dataclass
class Static:
    """A cluster with labels, training documents and a running service."""

    client: Any
    settings: Settings
    lmtx: Run
    strict: Run  # it refuses a static encoder that does not always agree with the transformer

    def deploy(self, *words: str) -> dict[str, Any]:
        done = self.lmtx("deploy", "--untrained", "--threshold", "0.2", "--json", *words)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def version(self) -> TaggerVersion:
        """Return the version that the pipeline uses."""
        name = read_pipeline(self.client).tagger
        assert name is not None
        return TaggerVersions(self.settings.data_dir).get(name)

    def tags(self) -> list[dict[str, float]]:
        """Return the scores by tag that new documents with these texts get."""
        documents = [{"id": str(n), "text": text} for n, text in enumerate(TEXTS)]
        index_documents(self.client, "articles", documents)
        found = self.client.mget(index="articles", body={"ids": [doc["id"] for doc in documents]})
        sources = [doc["_source"] for doc in found["docs"]]
        for text, source in zip(TEXTS, sources, strict=True):
            expected = "tagged" if text.strip() else "untagged"
            assert source["tagging"]["status"] == expected, source["tagging"]
        return [scores_of(source.get("tag_scores")) for source in sources]


@pytest.fixture(scope="module")
def static(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Static]:
    folder = tmp_path_factory.mktemp("static")
    encoder = make_random_encoder(folder / "encoder", "BERT")
    flags = {
        **flags_of(servers, folder / "data"),
        "encoder.name": str(encoder),
        "cache_dir": folder / "cache",
        "encoder.document_tokens": 32,
        "encoder.label_tokens": 16,
        "deploy.least_agreement": 0.0,
    }
    settings = load_settings(flags=flags)
    client = connect(settings.opensearch)
    wipe(client)
    environment = {
        **environment_of(settings),
        "LMTX_ENCODER_DOCUMENT_TOKENS": "32",
        "LMTX_ENCODER_LABEL_TOKENS": "16",
        "LMTX_DEPLOY_LEAST_AGREEMENT": "0",
    }
    lmtx = runner(environment, folder)
    strict = runner({**environment, "LMTX_DEPLOY_LEAST_AGREEMENT": "1"}, folder)
    _write(folder)
    for words in (
        ("bootstrap-index",),
        ("labels", "load", "labels.jsonl"),
        ("docs", "load", "documents.jsonl"),
    ):
        done = lmtx(*words)
        assert done.returncode == 0, done.stderr
    with running(environment):
        yield Static(client, settings, lmtx, strict)
    wipe(client)


def _write(folder: Path) -> None:
    """Write labels and documents of random words."""
    rand = random.Random(0)
    words = " ".join(SENTENCES).split()
    documents = [
        {"id": str(n), "text": " ".join(rand.choices(words, k=rand.randint(5, 30)))}
        for n in range(DOCUMENTS)
    ]
    names = ["web browser", "electronic mail", "board game", "stars", "Bibliothek", "radio music"]
    labels = [{"id": str(n), "text": name} for n, name in enumerate(names)]
    for name, rows in (("labels", labels), ("documents", documents)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def test_both_runtimes_give_the_tags_of_the_static_encoder(static: Static) -> None:
    done = static.deploy("--static")
    assert done["encoder_kind"] == "static"
    assert done["student"]["documents"] == DOCUMENTS // 20
    assert 0 < done["student"]["agreement"] <= 1
    version = static.version()
    assert version.manifest.kind == "static"
    of_service = static.tags()
    tagger = Tagger(version)
    assert of_service == [
        pytest.approx({tag.name: tag.score for tag in one.applied}, abs=1e-4)
        for one in tagger.decide(TEXTS)
    ]
    assert any(of_service)
    in_cluster = static.deploy("--static", "--runtime", "in-cluster")
    # The same teacher, labels and documents: nothing is distilled again.
    assert in_cluster["student"] == done["student"]
    assert [pytest.approx(tags, abs=2e-4) for tags in of_service] == static.tags()
    listed = json.loads(static.lmtx("taggers", "--json").stdout)["taggers"]
    assert [entry["kind"] for entry in listed[:2]] == ["static", "static"]
    assert listed[0]["measures"]["agreement"] == done["student"]["agreement"]
    assert static.lmtx("taggers").stdout.count("static") == 2
    told = " ".join(static.lmtx("doctor").stdout.split())
    assert "documents are read by a static encoder: the same first label" in told


def test_a_new_label_is_in_force_at_once_and_after_a_rollback(static: Static) -> None:
    static.deploy()
    assert static.version().manifest.kind == "transformer"
    done = static.deploy("--static")
    (line,) = done["differences"]
    assert "without --static it keeps that" in line
    shown = json.loads(static.lmtx("deploy", "--untrained", "--dry-run", "--json").stdout)
    (line,) = shown["differences"]
    assert "--static keeps that" in line
    assert "--threshold 0.2 keeps that" in line
    label_index = LabelIndex(static.client).require().index
    added = static.lmtx("labels", "add", "new", "electronic mail and music")
    assert added.returncode == 0, added.stderr
    assert "electronic mail and music" in static.tags()[2]
    for expected in ("transformer", "static"):
        wanted = [done["version"]] if expected == "static" else []
        back = static.lmtx("rollback", *wanted)
        assert back.returncode == 0, back.stderr
        assert static.version().manifest.kind == expected
        assert static.tags() == [
            pytest.approx({tag.name: tag.score for tag in one.applied}, abs=1e-4)
            for one in Tagger(static.version()).decide(TEXTS)
        ]
        assert LabelIndex(static.client).require().index == label_index
    retired = static.lmtx("labels", "retire", "new", "--yes")
    assert retired.returncode == 0, retired.stderr
    assert "electronic mail and music" not in static.tags()[2]


def test_a_static_encoder_that_agrees_too_little_is_not_deployed(static: Static) -> None:
    rand, known = random.Random(1), sorted(set(" ".join(SENTENCES).split()))
    # Among so many labels that are alike, no static encoder always finds the transformer's.
    names = {" ".join(rand.sample(known, 3)) for _ in range(150)}
    rows = [{"id": f"more-{n}", "text": name} for n, name in enumerate(sorted(names))]
    file = static.settings.data_dir / "more.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    loaded = static.lmtx("labels", "load", file)
    assert loaded.returncode == 0, loaded.stderr
    static.deploy()
    done = static.strict("deploy", "--untrained", "--threshold", "0.2", "--static")
    assert done.returncode == 0, done.stderr
    # The version in use before was a transformer too.
    assert "Unlike the version in use" not in done.stderr
    (deployed, *_) = RunStore(static.client).of_kinds("deploy")
    assert deployed[1]["differences"] == []
    assert "The transformer reads the documents, because a static encoder has the same" in (
        done.stdout
    )
    assert "deploy.least_agreement is 100%" in done.stdout
    assert static.version().manifest.kind == "transformer"


def test_answers_of_people_count_unless_an_untrained_static_encoder_is_used(
    static: Static,
) -> None:
    label = Label("0", "web browser")
    read = read_documents(static.client, static.settings.documents.training_index, ["text"])
    JudgmentStore(static.client).add(
        person_judgment(document, label, False, 0) for document in islice(read, 20)
    )
    words = ("deploy", "--untrained", "--threshold", "0.2", "--static")
    planned = static.lmtx(*words, "--dry-run")
    assert "2. if the encoder itself is used: fit the offsets of labels anew" in planned.stdout
    done = static.lmtx(*words, "--json")
    told = " ".join(done.stderr.split())
    assert "do not count in a static tagger that was not trained: 20" in told
    assert json.loads(done.stdout)["refit"] is None
    done = static.strict(*words, "--json")
    assert "do not count" not in done.stderr
    assert json.loads(done.stdout)["refit"]["by_people"] == 20
    assert read_offsets(static.version().folder)["0"] < 0


def test_a_dry_run_says_what_would_be_distilled(static: Static) -> None:
    before = read_pipeline(static.client).body
    done = static.lmtx("deploy", "--untrained", "--static", "--dry-run")
    assert "1. distil a static encoder" in done.stdout
    assert read_pipeline(static.client).body == before


def test_too_few_training_documents_are_one_clear_line(static: Static) -> None:
    static.client.delete_by_query(
        index=static.settings.documents.training_index,
        body={"query": {"ids": {"values": [str(n) for n in range(150, DOCUMENTS)]}}},
        params={"refresh": "true"},
    )
    left = static.client.count(index=static.settings.documents.training_index)["count"]
    assert left == 150
    done = static.lmtx("deploy", "--untrained", "--static")
    assert done.returncode == 2
    assert f"at least 200 training documents, and there are {left}" in done.stderr
