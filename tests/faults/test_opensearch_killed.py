"""OpenSearch is killed while a command changes it, at the worst moment: done, but not answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands, Node
from tests.support.live_tagger import deployed, ml_parts, tags_of
from tests.support.tagger_service import LABELS, running

BULK = r"POST /[\w-]+/_bulk"


def killed_at(
    node: Node, settings: Settings, commands: Commands, request: str, number: int, *words: Any
) -> int:
    """Kill the node when it has done the n-th such request of a command, and start it again.

    The command is then given until it succeeds. Returns how often it had to be given again.
    """
    killed = threading.Event()

    def kill() -> None:
        node.kill()
        killed.set()

    rule = proxy.nth(request, number, proxy.after(kill))
    with proxy.spoiled(settings.opensearch.url, rule) as url:
        process = commands.start(*words, LMTX_OPENSEARCH_URL=url)
        toolbox.wait(lambda: killed.is_set() or process.poll() is not None)
        assert killed.is_set(), process.communicate()
        node.start()
        if commands.end(process).returncode == 0:
            return 0
    return 1 + len(commands.insist(*words))


def everything(client: Any) -> dict[str, Any]:
    """What bootstrap makes, without what names the moment of its making."""
    indices = client.indices.get(index="lmtx-*")
    templates = client.indices.get_index_template()["index_templates"]
    components = client.cluster.get_component_template()["component_templates"]
    return {
        "mappings": {name: (body["mappings"], body["aliases"]) for name, body in indices.items()},
        "templates": {t["name"]: t for t in templates if t["name"].startswith("lmtx")},
        "components": {t["name"]: t for t in components if t["name"].startswith("lmtx")},
        "pipelines": client.ingest.get_pipeline(id="lmtx-*"),
    }


@pytest.mark.faults
def test_during_bootstrap(
    node: Node, client: Any, settings: Settings, commands: Commands, wiped: Any
) -> None:
    commands.must("bootstrap-index")
    expected = everything(client)
    wiped()
    killed_at(node, settings, commands, "PUT /_index_template", 3, "bootstrap-index")
    assert everything(client) == expected


@pytest.mark.faults
def test_while_labels_are_loaded(
    node: Node, client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> None:
    rows = toolbox.label_rows(700)
    file = toolbox.write(tmp_path / "labels.jsonl", rows)
    commands.must("bootstrap-index")
    killed_at(node, settings, commands, BULK, 2, "labels", "load", file)
    assert set(client.indices.get(index="lmtx-labels-*")) == {"lmtx-labels-000001"}
    labels = {label.id: label for label in LabelIndex(client).labels()}
    assert toolbox.labels(client) == {id_: label.digest for id_, label in labels.items()}
    assert sorted(labels) == sorted(row["id"] for row in rows)
    # And each has its own embedding.
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)
    some = [labels[row["id"]] for row in rows[::20]]
    nearest = LabelIndex(client).search(embed_labels(encoder, some), 1)
    assert np.allclose([found[0][1] for found in nearest], 1.0, atol=1e-3)
    assert [found[0][0] for found in nearest] == [label.id for label in some]


@pytest.mark.integration
def test_during_ingest(
    node: Node, client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> None:
    rows = toolbox.documents(2000)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("bootstrap-index")
    killed_at(node, settings, commands, BULK, 3, "ingest", file, "--index", "mine")
    assert toolbox.found(client, "mine") == toolbox.hashes(rows)


@pytest.fixture
def tagged(
    client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> Iterator[list[dict[str, Any]]]:
    """A cluster with a tagger in use, and documents that were indexed before it."""
    rows = toolbox.documents(700)
    commands.must("bootstrap-index")
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows())
    commands.must("labels", "load", labels)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("ingest", file, "--index", "articles")
    with running(commands.environment):
        deployed(client, settings)
        yield rows


@pytest.mark.faults
def test_while_documents_are_tagged_again(
    node: Node, client: Any, settings: Settings, commands: Commands, tagged: list[dict[str, Any]]
) -> None:
    words = ("retag", "--index", "articles", "--json")
    killed_at(node, settings, commands, BULK, 2, *words)
    # What was indexed while the tagger's model was not deployed again yet is pending.
    toolbox.wait(
        lambda: not json.loads(commands.must(*words).stdout)["indices"]["articles"]["documents"]
    )
    assert toolbox.found(client, "articles") == toolbox.hashes(tagged)
    tags = toolbox.tags(client, "articles")
    assert [tags[row["id"]][0] for row in tagged[::4]] == ["Chess"] * 175
    assert None not in tags.values()


@pytest.mark.faults
@pytest.mark.parametrize(
    "request_",
    ["POST /_plugins/_ml/connectors/_create", "POST .*/_deploy", "PUT /_ingest/pipeline"],
)
def test_during_a_deployment(
    node: Node,
    client: Any,
    settings: Settings,
    commands: Commands,
    tagged: list[dict[str, Any]],
    request_: str,
) -> None:
    first = read_pipeline(client).tagger
    assert first is not None
    again = killed_at(node, settings, commands, request_, 1, "deploy", "--untrained")
    now = read_pipeline(client).tagger
    versions = TaggerVersions(settings.data_dir)
    # Only where the switch itself was done before the kill, it was made twice.
    switched = request_.startswith("PUT")
    assert again >= 1
    assert versions.names() == versions.finished()
    assert len(versions.names()) == 2 + switched
    assert versions.names()[0] == first
    assert versions.names()[-1] == now
    parts = ml_parts(client)
    assert len(parts["models"]) == len(versions.names())
    toolbox.wait(lambda: tags_of(client, "plays chess")[0] == LABELS[0].text)
    if not switched:
        assert json.loads(commands.must("rollback", "--json").stdout)["version"] == first
