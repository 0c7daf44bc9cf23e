"""Both runtimes of a tagger on the real node: the same tags, and not one document lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.labels.search import IndexSearch
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.model_state import redeploy
from lmtx_search.cluster.ml.pipeline import pipeline_state, put_pipeline, read_pipeline
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.encoder.form import FORM_FILE
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Label, unique_names
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, untrained_source
from lmtx_search.tagging.deployment.label_updates import edit_labels
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.in_cluster import archive
from lmtx_search.tagging.scoring.ranking import LabelSearch
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.words.importance import word_importance
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.conftest import environment_of, flags_of
from tests.support import backends
from tests.support.tagger_service import running
from tests.support.tiny_encoder import DIMENSION, make_tiny_encoder
from tests.support.wipe import found, wipe

pytestmark = pytest.mark.integration

LABELS = [
    Label("1", "chess", "The board game", broader=("3",)),
    Label("2", "archives: .tar.gz, .zip"),
    Label("3", "\"double\", 'single' and \\back\\ quotes"),
    Label("4", "web/browser & co"),
    Label("5", "😀 smileys"),
    Label("6", "a label of three hundred characters " * 9),
    Label("7", " a blank at its start"),
    Label("8", "Mail", "Electronic", broader=("5", "1")),
    Label("9", "Mail", "Of paper"),
]
TEXTS = {
    "chess": "plays chess",
    "mail": "mail and chess, chess and mail",
    "one character": "x",
    "no language": "☃☃ 0x7f 1234 ::::: ßß",
    "other script": "围棋 数学",
    "five megabytes": "unpacks .zip files " * 280_000,
    "behind the window": "unpacks .zip files " * 50 + "plays chess " * 40,
    **{
        f"apart {ord(one):x}": f"plays{one}chess, electronic{one}mail"
        for one in "\x0b\x0c\x1f\x85\xa0\u200b\u2028\ufffc\uf0b7 "
    },
    **{f"within {ord(one):x}": f"elec{one}tronic mail" for one in "\xad\u200d\u2060\ufeff"},
    "within a line end": "elec\xad\n tronic mail",
    "within": "electronic mail",
    "nothing": "",
    "blank": " \n ",
    **{f"label {label.id}": label.text for label in LABELS},
}


@dataclass
class Deployed:
    """A tagger of the real encoder, deployed in both ways, and what they gave."""

    client: Any
    settings: Settings
    environment: dict[str, str]
    service: ExitStack
    pipelines: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def tagged(self, name: str, runtime: str) -> dict[str, Any]:
        """Index a document through a runtime's pipeline and return it."""
        put_pipeline(self.client, self.pipelines[runtime])
        return _index(self.client, {name: name})[name]


@pytest.fixture(scope="module")
def deployed(
    servers: backends.Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    data = tmp_path_factory.mktemp("runtimes")
    flags = {**flags_of(servers, data), "documents.broader_tags": True}
    settings = load_settings(flags=flags)
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, precision="fp32")
    LabelIndex(client).load(
        LABELS,
        lambda labels: embed_labels(encoder, labels),
        passages_digest(encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt),
        encoder.dimension,
    )
    with ExitStack() as service:
        found = Deployed(client, settings, environment_of(settings), service)
        service.enter_context(running(found.environment))
        for runtime in ("service", "in-cluster"):
            options = DeployOptions("fp32", threshold=0.45, max_tags=3, runtime=runtime)
            source = replace(
                untrained_source(settings), threshold=0.45, spread=ScoreSpread(0.1, 2.0, 1.0)
            )
            deploy(client, settings, source, options)
            found.pipelines[runtime] = read_pipeline(client).body
            found.sources[runtime] = _index(client, TEXTS)
        yield found
    wipe(client)


def test_both_give_the_same_tags(deployed: Deployed) -> None:
    service, cluster = (deployed.sources[name] for name in ("service", "in-cluster"))
    for name, source in service.items():
        scores = scores_of(cluster[name].get("tag_scores"))
        assert scores == pytest.approx(scores_of(source.get("tag_scores")), abs=2e-4), name
        assert cluster[name]["tagging"]["status"] == source["tagging"]["status"], name
        assert cluster[name].get("tags_broader") == source.get("tags_broader"), name


def test_both_give_the_same_suggestions_and_probabilities(deployed: Deployed) -> None:
    service, cluster = (deployed.sources[name] for name in ("service", "in-cluster"))
    assert any(source.get("tags_suggested") for source in service.values())
    for name, source in service.items():
        for field_ in ("tag_scores", "suggestion_scores"):
            there, here = (of.get(field_, []) for of in (cluster[name], source))
            probabilities = {one["tag"]: one["probability"] for one in here}
            found = {one["tag"]: one["probability"] for one in there}
            assert found == pytest.approx(probabilities, abs=2e-3), name
        tags = [one["tag"] for one in source.get("suggestion_scores", [])]
        assert source.get("tags_suggested", []) == tags
        assert not set(tags) & set(source.get("tags", []))


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
@pytest.mark.parametrize(("kind", "ordinary"), [("apart", "apart 20"), ("within", "within")])
def test_what_separates_words_is_read_as_a_blank(
    deployed: Deployed, runtime: str, kind: str, ordinary: str
) -> None:
    sources = deployed.sources[runtime]
    scores = scores_of(sources[ordinary]["tag_scores"])
    assert scores
    for name in (name for name in TEXTS if name.startswith(kind)):
        found = scores_of(sources[name]["tag_scores"])
        assert found == pytest.approx(scores, abs=2e-4), name


def test_what_is_broader_than_the_tags_is_written_beside_them(deployed: Deployed) -> None:
    source = deployed.sources["service"]["label 8"]
    assert set(source["tags"]) >= {"Mail (8)", "Mail (9)"}
    assert set(source["tags_broader"]) == {LABELS[4].text, LABELS[0].text, LABELS[2].text}
    assert "tags_broader" not in deployed.sources["service"]["label 4"]


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_a_tag_is_written_as_its_label(deployed: Deployed, runtime: str) -> None:
    names = unique_names([label.text for label in LABELS], [label.id for label in LABELS])
    for label, tag in zip(LABELS, names, strict=True):
        source = deployed.sources[runtime][f"label {label.id}"]
        assert tag in source["tags"]
        assert scores_of(source["tag_scores"])[tag] == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_no_text_is_too_odd_to_be_indexed(deployed: Deployed, runtime: str) -> None:
    sources = deployed.sources[runtime]
    untagged = {name for name, doc in sources.items() if doc["tagging"]["status"] == "untagged"}
    assert untagged == {"nothing", "blank"}
    assert {doc["tagging"]["status"] for doc in sources.values()} == {"tagged", "untagged"}
    assert sources["five megabytes"]["tags"][0] == "archives: .tar.gz, .zip"
    assert len(sources["five megabytes"]["text"]) == len(TEXTS["five megabytes"])


@pytest.mark.parametrize("runtime", ["service", "in-cluster"])
def test_a_document_may_get_no_tag_or_one(deployed: Deployed, runtime: str) -> None:
    counts = {len(doc["tags"]) for doc in deployed.sources[runtime].values() if "tags" in doc}
    assert {0, 1} <= counts


def test_labels_found_through_the_label_index_are_those_of_comparing_all(
    deployed: Deployed,
) -> None:
    version = TaggerVersions(deployed.settings.data_dir).latest()
    assert version is not None
    texts = [text for text in TEXTS.values() if len(text) < 1000]
    search = LabelSearch(len(LABELS) - 1, IndexSearch(deployed.client, "lucene"))
    found, exact = Tagger(version, search=search).tag(texts), Tagger(version).tag(texts)
    for one, other in zip(found, exact, strict=True):
        scores = {tag.name: pytest.approx(tag.score, abs=2e-4) for tag in other}
        assert {tag.name: tag.score for tag in one} == scores


def test_a_label_that_is_added_waits_in_the_cluster_and_is_there_in_the_service(
    deployed: Deployed,
) -> None:
    client, settings = deployed.client, deployed.settings
    put_pipeline(client, deployed.pipelines["in-cluster"])
    here = read_pipeline(client).tagger
    label = Label("new", "weather")
    edit = edit_labels(client, settings, [label.id], lambda there: [label])
    assert (edit.waiting, edit.tagger) == (here, None)
    assert label.text not in deployed.tagged(label.text, "in-cluster")["tags"]

    back = roll_back(client, settings, None)
    assert (back.previous, back.put) == (here, 1)
    assert _index(client, {label.text: label.text})[label.text]["tags"][0] == label.text
    version = TaggerVersions(settings.data_dir).get(back.version)
    search = LabelSearch(len(LABELS) - 1, IndexSearch(client, "lucene"))
    assert Tagger(version, search=search).tag([label.text])[0][0].name == label.text

    assert roll_back(client, settings, here).put == 0
    edit_labels(client, settings, [label.id], lambda there: list(there.values()), retire=True)
    assert deployed.tagged("plays chess", "in-cluster")["tags"][0] == "chess"


def test_an_undeployed_model_leaves_documents_pending_and_is_deployed_again(
    deployed: Deployed,
) -> None:
    deployed.tagged("plays chess", "in-cluster")
    model = read_pipeline(deployed.client).model
    assert redeploy(deployed.client) is None
    connectors.ml_request(deployed.client, "POST", f"/models/{model}/_undeploy")
    assert deployed.tagged("plays chess", "in-cluster")["tagging"]["status"] == "pending"
    assert redeploy(deployed.client) == "was on no node"
    assert deployed.tagged("plays chess", "in-cluster")["tags"][0] == "chess"


def test_a_service_that_is_restarted_in_mid_bulk_loses_no_document(deployed: Deployed) -> None:
    put_pipeline(deployed.client, deployed.pipelines["service"])
    indexed: dict[str, dict[str, Any]] = {}
    ended = threading.Event()

    def index() -> None:
        for number in range(1000):
            texts = {f"{number}-{at}": "plays chess" for at in range(32)}
            indexed.update(_index(deployed.client, texts))
            statuses = {source["tagging"]["status"] for source in indexed.values()}
            if statuses == {"tagged", "pending"} and back.is_set():
                break
        ended.set()

    back = threading.Event()
    thread = threading.Thread(target=index)
    thread.start()
    _wait(lambda: len(indexed) > 0)
    deployed.service.close()
    _wait(lambda: any(doc["tagging"]["status"] == "pending" for doc in indexed.values()))
    deployed.service.enter_context(running(deployed.environment))
    back.set()
    thread.join(timeout=60)
    assert ended.is_set()
    assert {doc["text"] for doc in indexed.values()} == {"plays chess"}
    assert deployed.tagged("plays chess", "service")["tags"][0] == "chess"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("plugins.ml_commons.only_run_on_ml_node", "only_run_on_ml_node must be false"),
        ("plugins.ml_commons.local_model.enabled", "local_model.enabled must be true"),
    ],
)
def test_a_cluster_whose_settings_forbid_it_is_left_as_it_was(
    deployed: Deployed, setting: str, message: str, tmp_path: Path
) -> None:
    source = EncoderSource(make_tiny_encoder(tmp_path / "tiny"), "tiny")
    forbidding = setting.endswith("only_run_on_ml_node")
    before = _everything(deployed)
    deployed.client.cluster.put_settings(body={"persistent": {setting: forbidding}})
    try:
        with pytest.raises(UserError, match=message):
            _deploy_in_cluster(deployed, source)
    finally:
        deployed.client.cluster.put_settings(body={"persistent": {setting: None}})
    assert _everything(deployed) == before


def test_a_label_set_that_is_too_large_is_refused_before_anything_is_made(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything(deployed)
    monkeypatch.setattr(archive, "MAX_BYTES", 8 * 4 * 384)
    with pytest.raises(UserError, match=rf"{len(LABELS)} labels are too many .* at most 8"):
        _deploy_in_cluster(deployed, untrained_source(deployed.settings))
    assert _everything(deployed) == before


def test_several_windows_are_read_by_the_service_and_refused_for_the_cluster(
    deployed: Deployed,
) -> None:
    client, settings = deployed.client, deployed.settings
    put_pipeline(client, deployed.pipelines["service"])
    encoder = settings.encoder.model_copy(update={"windows": 8, "window_pooling": "max"})
    reading = settings.model_copy(update={"encoder": encoder})
    late = "unpacks .zip files " * 120 + "plays chess " * 40
    assert "chess" not in _index(client, {"late": late})["late"]["tags"]
    options = DeployOptions("fp32", threshold=0.45, max_tags=3, runtime="in-cluster")
    with pytest.raises(UserError, match="windows is 8, and the cluster itself reads one"):
        deploy(client, reading, untrained_source(settings), options)
    deploy(client, reading, untrained_source(settings), replace(options, runtime="service"))
    assert "chess" in _index(client, {"late": late})["late"]["tags"]


def test_an_encoder_of_another_size_gets_a_label_index_of_its_own(
    deployed: Deployed, tmp_path: Path
) -> None:
    before = LabelIndex(deployed.client).require()
    _deploy_in_cluster(deployed, EncoderSource(make_tiny_encoder(tmp_path / "tiny"), "tiny"))
    now = LabelIndex(deployed.client).require()
    assert (now.dimension, now.count) == (DIMENSION, len(LABELS))
    assert deployed.client.indices.exists(index=before.index)
    assert _index(deployed.client, {"1": "chess"})["1"]["tags"][0] == "chess"


def test_a_rollback_takes_back_encoder_labels_and_runtime_together(
    deployed: Deployed, tmp_path: Path
) -> None:
    client, settings = deployed.client, deployed.settings
    real = load_encoder(settings, max_tokens=settings.encoder.label_tokens).digest
    _deploy_in_cluster(deployed, EncoderSource(make_tiny_encoder(tmp_path / "tiny"), "tiny"))
    assert not str(LabelIndex(client).require().encoder_digest).startswith(real)
    tiny = read_pipeline(client).tagger
    for runtime in ("in-cluster", "service"):
        version = pipeline_state(deployed.pipelines[runtime]).tagger
        assert roll_back(client, settings, version).in_cluster == (runtime == "in-cluster")
        labels = LabelIndex(client).require()
        assert str(labels.encoder_digest).startswith(real)
        assert (labels.dimension, labels.count) == (384, len(LABELS))
        source = _index(client, {"1": "plays chess"})["1"]
        assert source["tagging"]["tagger"] == version
        assert source["tags"][0] == "chess"
    assert roll_back(client, settings, tiny).in_cluster
    assert LabelIndex(client).require().dimension == DIMENSION
    assert _index(client, {"1": "chess"})["1"]["tagging"]["tagger"] == tiny


def test_both_give_the_same_tags_where_words_count(deployed: Deployed) -> None:
    client, settings = deployed.client, deployed.settings
    # An earlier test may have left the labels of another encoder in use.
    version = pipeline_state(deployed.pipelines["service"]).tagger
    assert version is not None
    roll_back(client, settings, version)
    label = Label("10", "hardware", "", ("electronic parts", "plays chess", "数学"))
    edit_labels(client, settings, [label.id], lambda there: [label])
    encoder = load_encoder(settings, max_tokens=settings.encoder.document_tokens)
    tokens = encoder.word_tokens()
    read = [tokens.words(ids) for ids in encoder.tokens([label.text for label in LABELS])]
    importance = word_importance(read, len(tokens))
    words = WordScoring(WordWeights(0.4, 0.2, 0.3), importance, windows=4)
    source = replace(untrained_source(settings), words=words)
    try:
        for runtime in ("service", "in-cluster"):
            options = DeployOptions("fp32", threshold=0.6, max_tags=5, runtime=runtime)
            deploy(client, settings, source, options)
            deployed.sources[f"{runtime} with words"] = _index(client, TEXTS)
    finally:
        edit_labels(client, settings, [label.id], lambda there: list(there.values()), retire=True)
    service, cluster = (
        deployed.sources[f"{name} with words"] for name in ("service", "in-cluster")
    )
    for name, document in service.items():
        scores = scores_of(cluster[name].get("tag_scores"))
        assert scores == pytest.approx(scores_of(document.get("tag_scores")), abs=2e-4), name
        assert cluster[name].get("tags_broader") == document.get("tags_broader"), name
    assert service["chess"]["tags"][0] == "chess"
    # The cosine and all evidence; pairs of words raise the similarity of a name to itself.
    assert scores_of(service["label 4"]["tag_scores"])[LABELS[3].text] > 1.95
    for text in ("chess", "other script", "behind the window"):
        assert "hardware" in service[text]["tags"]
        assert "hardware" not in deployed.sources["service"][text]["tags"]


def test_a_version_whose_encoder_was_replaced_is_refused(
    deployed: Deployed, tmp_path: Path
) -> None:
    client, settings = deployed.client, deployed.settings
    before = read_pipeline(client).body
    name = pipeline_state(deployed.pipelines["service"]).tagger
    assert name is not None
    put_pipeline(client, deployed.pipelines["in-cluster"])
    form = TaggerVersions(settings.data_dir).get(name).encoder_folder / FORM_FILE
    right = form.read_text()
    form.unlink()  # it is the cache's file, too
    form.write_text(right.replace('"digest": "', '"digest": "0'))
    try:
        deployed.service.close()  # it has loaded the right one
        deployed.service.enter_context(running(deployed.environment))
        with pytest.raises(LmtxError, match="another encoder than the labels of this version"):
            roll_back(client, settings, name)
        assert read_pipeline(client).body == deployed.pipelines["in-cluster"]
    finally:
        form.write_text(right)
        put_pipeline(client, before)


def _deploy_in_cluster(deployed: Deployed, source: EncoderSource) -> None:
    options = DeployOptions("fp32", threshold=0.3, max_tags=3, runtime="in-cluster")
    deploy(deployed.client, deployed.settings, source, options)


def _index(client: Any, texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Index texts in one bulk request and return the documents."""
    prepare_tagged_index(client, "articles", "id")
    lines: list[dict[str, Any]] = []
    for name, text in texts.items():
        lines += [{"index": {"_id": name}}, {"id": name, "text": text}]
    answer = client.bulk(body=lines, index="articles", params={"refresh": "true"})
    assert not answer["errors"], answer
    found = client.mget(index="articles", body={"ids": list(texts)})
    return {doc["_id"]: doc["_source"] for doc in found["docs"]}


def _everything(deployed: Deployed) -> dict[str, Any]:
    """What a deployment makes, in the cluster and on disk."""
    client = deployed.client
    client.indices.refresh(index=".plugins-ml-model")
    return {
        "pipelines": client.ingest.get_pipeline(),
        "indices": sorted(client.indices.get(index="lmtx-*")),
        "alias": client.indices.get_alias(name="lmtx-labels"),
        "folders": sorted(TaggerVersions(deployed.settings.data_dir).folder.iterdir()),
        "models": sorted(found(client, "models")),
    }


def _wait(happened: Any) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
