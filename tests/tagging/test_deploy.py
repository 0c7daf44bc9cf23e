"""From a deployment to tagged documents, through the real cluster and the real service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline
from lmtx_search.encoder import bf16
from lmtx_search.encoder.bands import NEVER
from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Label
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.deployment import deploy as deploying
from lmtx_search.tagging.deployment import options
from lmtx_search.tagging.deployment.deploy import Deployment, deploy
from lmtx_search.tagging.deployment.encoder_source import (
    EncoderSource,
    trained_source,
    untrained_source,
)
from lmtx_search.tagging.deployment.make_version import (
    band_notes,
    chosen_thresholds,
    tagging_rule,
)
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.service.client import service_url
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.words.importance import PairImportance, WordImportance, write_pairs
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.conftest import Run
from tests.support.live_tagger import bootstrap
from tests.support.tagger_service import LABELS, running
from tests.support.tiny_tagger import version_of

OPTIONS = DeployOptions(precision="fp32", threshold=0.3, max_tags=3)


@pytest.mark.parametrize(("fast", "expected"), [(True, "bf16"), (False, "int8")])
def test_the_service_reads_documents_in_what_is_fastest_here(
    fast: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "bf16_is_fast", lambda: fast)
    assert DeployOptions().of_runtime() == expected
    assert DeployOptions("fp32").of_runtime() == "fp32"


def test_a_tagger_inside_the_cluster_is_exact_by_default() -> None:
    assert DeployOptions(runtime="in-cluster").of_runtime() == "fp32"
    assert DeployOptions("int8", runtime="in-cluster").of_runtime() == "int8"
    with pytest.raises(UserError, match="not in bf16"):
        DeployOptions("bf16", runtime="in-cluster")


def test_bf16_is_refused_before_anything_is_made_where_it_is_not_fast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "bf16_is_fast", lambda: False)
    monkeypatch.setattr(bf16, "multiplies_bf16", lambda: False)
    with pytest.raises(UserError, match="this processor has no units for bf16"):
        DeployOptions("bf16")


def test_the_services_address_is_the_settings_one() -> None:
    settings = Settings()
    assert service_url(settings.service) == "http://127.0.0.1:8787"
    everywhere = settings.service.model_copy(update={"host": "0.0.0.0", "port": 1})
    assert service_url(everywhere) == "http://127.0.0.1:1"
    named = settings.service.model_copy(update={"url": "http://tagger:80/"})
    assert service_url(named) == "http://tagger:80"


class Runs:
    """Run records, as RunStore gives them."""

    def __init__(self, **records: dict[str, Any]) -> None:
        self.records = records

    def get(self, run: str) -> dict[str, Any] | None:
        return self.records.get(run)

    def latest(self, kind: str) -> tuple[str, dict[str, Any]] | None:
        return next(iter(self.records.items()), None)


def test_the_last_run_is_deployed_with_its_threshold(tmp_path: Path) -> None:
    record = {"kind": "train", "encoder_path": str(tmp_path), "threshold": 0.42}
    source = trained_source(Settings(data_dir=tmp_path), Runs(r1=record))  # type: ignore[arg-type]
    assert source == EncoderSource(tmp_path, "run r1", "r1", 0.42)


def test_a_run_that_weighs_words_is_deployed_with_them(tmp_path: Path) -> None:
    weights = {"similarity": 0.3, "share": 0.1, "complete": 0.2}
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    runs: Any = Runs(r1={"kind": "train", "encoder_path": str(encoder), "words": weights})
    with pytest.raises(UserError, match=r"word_importance\.npy is missing .*: train again"):
        trained_source(Settings(data_dir=tmp_path), runs)
    importance = np.array([1.0, 2.5], dtype=np.float32)
    np.save(tmp_path / "word_importance.npy", importance)
    words = trained_source(Settings(data_dir=tmp_path), runs).words
    assert words is not None
    assert (words.weights, words.importance.words.tolist()) == (WordWeights(**weights), [1.0, 2.5])
    assert words.importance.pairs is None
    runs.records["r1"]["word_pairs"] = True
    with pytest.raises(UserError, match=r"word_pairs\.npz is missing .*: train again"):
        trained_source(Settings(data_dir=tmp_path), runs)
    write_pairs(tmp_path, PairImportance(np.array([1]), np.array([2.5], np.float32), 4.0))
    words = trained_source(Settings(data_dir=tmp_path), runs).words
    assert words is not None
    assert words.importance.pairs is not None
    assert words.importance.pairs.of(np.array([1, 2])).tolist() == [2.5, 4.0]
    (tmp_path / "word_importance.npy").write_bytes(b"x")
    with pytest.raises(UserError, match=r"word_importance\.npy is damaged .*: train again"):
        trained_source(Settings(data_dir=tmp_path), runs)


def test_a_threshold_that_no_label_can_reach_is_refused() -> None:
    words = WordScoring(WordWeights(0.3, 0.1, 0.1), WordImportance(np.ones(2, np.float32)))
    without, source = EncoderSource(Path(), "run a"), EncoderSource(Path(), "run b", words=words)
    usual = DocumentSettings()
    assert chosen_thresholds(usual, source, DeployOptions(threshold=1.4)).general == 1.4
    for one, highest in ((without, "1"), (source, "1.5")):
        with pytest.raises(UserError, match=rf"scores of {one.name} go up to {highest}$"):
            chosen_thresholds(usual, one, DeployOptions(threshold=1.6))


def test_a_threshold_applies_no_label_that_the_settings_never_apply(tmp_path: Path) -> None:
    settings = DocumentSettings(apply_from=0.8, label_bands=("1=1", "2=0.9/0.2", "3=1/1"))
    spread = ScoreSpread(0.1, 2.0, 1.0)
    source = EncoderSource(Path(), "run a", threshold=0.5, spread=spread)
    options = DeployOptions(threshold=0.01)
    rule = tagging_rule(settings, source, options)
    assert rule.own_thresholds == {"1": NEVER, "3": NEVER}
    made = version_of(tmp_path, 0.01, own_thresholds=rule.own_thresholds, bands=rule.bands)
    (found,) = Tagger(made).decide(["plays chess"])
    assert {tag.label_id for tag in found.applied} <= {"2", "4"}
    assert found.applied
    (note,) = band_notes(settings, options, [Label(id_, id_) for id_ in "123"])
    assert "the threshold 0.01 replaces documents.apply_from and the first prob" in note
    assert "(2)" in note
    assert band_notes(settings, DeployOptions(), [Label(id_, id_) for id_ in "123"]) == []


@pytest.mark.parametrize(
    "given", [{"review_first": True}, {"apply_from": 0.8}, {"label_bands": ("a=0.5",)}]
)
def test_settings_that_need_probabilities_are_refused_without_them(given: dict[str, Any]) -> None:
    source = EncoderSource(Path(), "run a", threshold=0.5)
    (name,) = given
    with pytest.raises(UserError, match=rf"documents\.{name} is set, but this tagger has no prob"):
        tagging_rule(DocumentSettings(**given), source, DeployOptions())
    known = replace(source, spread=ScoreSpread(0.1, 2.0, 1.0))
    assert tagging_rule(DocumentSettings(**given), known, DeployOptions()).bands is not None


@pytest.mark.parametrize(
    ("records", "run", "message"),
    [
        ({}, None, "no training run: `lmtx-search train` first"),
        ({}, "r9", "no training run r9"),
        ({"r1": {"kind": "train"}}, "r1", "did not end with an encoder"),
        ({"r1": {"kind": "train", "encoder_path": "/nowhere"}}, "r1", "not on this machine"),
    ],
)
def test_a_run_that_cannot_be_deployed_is_one_clear_line(
    records: dict[str, Any], run: str | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        trained_source(Settings(data_dir=tmp_path), Runs(**records), run)  # type: ignore[arg-type]


@pytest.fixture
def bootstrapped(client: Any, settings: Settings, lmtx: Run) -> Any:
    """A cluster with labels and no tagger."""
    bootstrap(client, settings, lmtx)
    return client


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Popen[str]]:
    with running(environment) as process:
        yield process


@pytest.mark.integration
class TestDeploy:
    def test_documents_are_tagged_in_bulk_and_pending_while_the_tagger_is_down(
        self, bootstrapped: Any, settings: Settings, service: Popen[str], lmtx: Run, tmp_path: Path
    ) -> None:
        done = _deploy(bootstrapped, settings)
        documents: list[dict[str, Any]] = [
            {"id": "1", "text": "plays chess", "key.with": {"dots.in": "it"}},
            {"id": "2", "title": "Accounting", "text": "and spreadsheets"},
            {"id": "3", "text": ""},
            {"id": "4", "title": "electronic mail and letters", "text": "x " * 2_500_000},
        ]
        sources = _index(bootstrapped, documents)
        assert [source.get("tags", [None])[0] for source in sources] == [
            "Chess",
            LABELS[2].text,
            None,
            "Mail (mail-1)",
        ]
        statuses = [source["tagging"]["status"] for source in sources]
        assert statuses == ["tagged", "tagged", "untagged", "tagged"]
        assert sources[0]["key.with"] == {"dots.in": "it"}
        assert sources[1]["tagging"]["tagger"] == done.version
        assert list(scores_of(sources[1]["tag_scores"])) == sources[1]["tags"]

        # `tag` runs the version that the pipeline names.
        shown = json.loads(lmtx("tag", "plays chess", "--json").stdout)
        assert shown["tagger"] == done.version
        assert shown["tags"][0]["name"] == "Chess"

        service.terminate()
        service.wait(timeout=30)
        later = _index(bootstrapped, [{"id": "5", "text": "plays chess"}])
        assert later[0]["tagging"]["status"] == "pending"
        assert later[0]["tagging"]["error"]
        assert later[0]["text"] == "plays chess"

        # And without it there is no deployment.
        refused = lmtx("deploy", "--untrained")
        assert refused.returncode == 2
        assert "start it with `lmtx-search serve`" in refused.stderr

    @pytest.mark.usefixtures("service")
    def test_a_deployment_replaces_the_one_before_which_stays(
        self, bootstrapped: Any, settings: Settings
    ) -> None:
        first = _deploy(bootstrapped, settings)
        second = _deploy(bootstrapped, settings)
        assert second.previous == first.version
        assert read_pipeline(bootstrapped).tagger == second.version
        assert TaggerVersions(settings.data_dir).names() == [first.version, second.version]
        (source,) = _index(bootstrapped, [{"id": "1", "text": "plays chess"}])
        assert source["tagging"]["tagger"] == second.version

    @pytest.mark.usefixtures("service")
    def test_steps_that_others_added_to_the_pipeline_stay(
        self, bootstrapped: Any, settings: Settings
    ) -> None:
        first = _deploy(bootstrapped, settings)
        body = dict(read_pipeline(bootstrapped).body)
        body["processors"] = [*body["processors"], {"set": {"field": "seen", "value": True}}]
        put_pipeline(bootstrapped, body)
        _deploy(bootstrapped, settings)
        (source,) = _index(bootstrapped, [{"id": "1", "text": "plays chess"}])
        assert (source["seen"], source["tags"][0]) == (True, "Chess")
        roll_back(bootstrapped, settings, first.version)
        (source,) = _index(bootstrapped, [{"id": "1", "text": "plays chess"}])
        assert (source["seen"], source["tagging"]["tagger"]) == (True, first.version)

    @pytest.mark.usefixtures("service")
    def test_another_encoder_writes_a_new_label_index_and_moves_the_alias(
        self, bootstrapped: Any, settings: Settings
    ) -> None:
        index = LabelIndex(bootstrapped)
        before = index.require()
        index._versions.set_meta(before.index, "of another encoder", "ready")
        done = _deploy(bootstrapped, settings)
        now = index.require()
        assert now.index == done.label_index != before.index
        assert now.count == len(LABELS)
        assert bootstrapped.indices.exists(index=before.index)

    @pytest.mark.usefixtures("service")
    def test_what_fails_its_test_leaves_nothing_behind(
        self, bootstrapped: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        LabelIndex(bootstrapped)._versions.set_meta("lmtx-labels-000001", "another", "ready")
        before = _everything(bootstrapped, settings)
        monkeypatch.setattr(deploying, "tag_url", lambda url, version: f"{url}/nothing")
        with pytest.raises(LmtxError, match="did not pass its test"):
            _deploy(bootstrapped, settings)
        assert _everything(bootstrapped, settings) == before

    @pytest.mark.usefixtures("service")
    def test_a_switch_of_the_labels_whose_answer_is_lost_is_undone(
        self, bootstrapped: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        LabelIndex(bootstrapped)._versions.set_meta("lmtx-labels-000001", "another", "ready")
        before = _everything(bootstrapped, settings)
        switch, switched = LabelIndex.switch, []

        def lost(index: LabelIndex, name: str) -> None:
            switch(index, name)
            switched.append(name)
            if len(switched) == 1:
                raise LmtxError("the answer was lost")

        monkeypatch.setattr(LabelIndex, "switch", lost)
        with pytest.raises(LmtxError, match="the answer was lost"):
            _deploy(bootstrapped, settings)
        assert switched == ["lmtx-labels-000002", "lmtx-labels-000001"]
        assert LabelIndex(bootstrapped).require().index == "lmtx-labels-000001"
        assert _everything(bootstrapped, settings) == before

    @pytest.mark.usefixtures("service")
    def test_a_label_version_that_was_there_outlives_a_deployment_that_fails(
        self, bootstrapped: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = LabelIndex(bootstrapped)
        own = index.require()
        vectors = np.ones((len(LABELS), own.dimension), dtype=np.float32)
        other = index.write_version(LABELS, vectors, "another", own.dimension)
        index.switch(other)
        monkeypatch.setattr(deploying, "tag_url", lambda url, version: f"{url}/nothing")
        with pytest.raises(LmtxError, match="did not pass its test"):
            _deploy(bootstrapped, settings)
        assert index.versions() == {own.index, other}

    @pytest.mark.usefixtures("service")
    def test_cluster_settings_that_are_missing_are_named(
        self, bootstrapped: Any, settings: Settings
    ) -> None:
        before = _everything(bootstrapped, settings)
        url = "http://192.0.2.1:1/taggers/v/tag"
        with pytest.raises(UserError, match="--apply-cluster-settings"):
            connectors.register(bootstrapped, "v", url)
        assert _everything(bootstrapped, settings) == before

    @pytest.mark.usefixtures("service")
    def test_a_dry_run_changes_nothing(
        self, bootstrapped: Any, settings: Settings, lmtx: Run
    ) -> None:
        before = _everything(bootstrapped, settings)
        done = lmtx("deploy", "--untrained", "--dry-run")
        assert done.returncode == 0
        assert "remote model" in done.stdout
        assert _everything(bootstrapped, settings) == before

    def test_a_service_of_another_folder_is_refused(
        self, bootstrapped: Any, settings: Settings, environment: dict[str, str], tmp_path: Path
    ) -> None:
        with running(environment | {"LMTX_DATA_DIR": str(tmp_path / "elsewhere")}):
            before = _everything(bootstrapped, settings)
            with pytest.raises(UserError, match="same data_dir"):
                _deploy(bootstrapped, settings)
            assert _everything(bootstrapped, settings) == before


def _deploy(client: Any, settings: Settings) -> Deployment:
    return deploy(client, settings, untrained_source(settings), OPTIONS)


def _index(client: Any, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from lmtx_search.cluster.setup.indices import prepare_tagged_index

    prepare_tagged_index(client, "articles")
    lines = [part for doc in documents for part in ({"index": {"_id": doc["id"]}}, doc)]
    answer = client.bulk(body=lines, index="articles", params={"refresh": "true"})
    assert not answer["errors"], answer
    return [client.get(index="articles", id=doc["id"])["_source"] for doc in documents]


def _everything(client: Any, settings: Settings) -> dict[str, Any]:
    """What a deployment makes, in the cluster and on disk."""
    found: dict[str, Any] = {
        "pipelines": client.ingest.get_pipeline(),
        "indices": sorted(client.indices.get(index="lmtx-*")),
        "alias": client.indices.get_alias(name="lmtx-labels"),
        "folders": sorted(TaggerVersions(settings.data_dir).folder.glob("*")),
    }
    for kind in ("models", "connectors"):
        path = f"/_plugins/_ml/{kind}/_search"
        body = {"query": {"match_all": {}}, "_source": False}
        try:
            client.indices.refresh(index=f".plugins-ml-{kind[:-1]}")
            hits = client.transport.perform_request("POST", path, body=body)["hits"]["hits"]
        except Exception:
            hits = []
        found[kind] = sorted(hit["_id"] for hit in hits)
    return found
