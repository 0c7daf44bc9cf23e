"""The node that runs the model leaves for good: `doctor` says so, `retag` and `ingest` mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.options import DeployOptions
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.several_nodes import ML_NODE, SeveralNodes
from tests.support.tagger_service import running
from tests.support.tiny_encoder import make_tiny_encoder

pytestmark = pytest.mark.several_nodes

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web")]


def deployed_in_cluster(client: Any, settings: Settings, folder: Path) -> None:
    """Deploy a small encoder as a model that the cluster runs."""
    form = make_tiny_encoder(folder / "tiny")
    encoder = OnnxEncoder(form, settings.encoder.label_tokens)
    LabelIndex(client).load(
        LABELS,
        lambda labels: encoder.encode([label.text for label in labels]),
        passages_digest(encoder.digest, settings.encoder.label_tokens),
        encoder.dimension,
    )
    options = DeployOptions("fp32", threshold=0.2, max_tags=2, runtime="in-cluster")
    deploy(client, settings, EncoderSource(form, "tiny"), options)


def doctor(commands: Commands) -> dict[str, Any]:
    """Return the checks of `doctor` by name."""
    found = json.loads(commands.run("doctor", "--json").stdout)["checks"]
    return {f"{one['group']} {one['name']}": one for one in found}


def lose_the_model(
    cluster: SeveralNodes, commands: Commands, rows: list[dict[str, Any]], folder: Path
) -> None:
    """Kill the node that runs the model, and index documents that then are pending."""
    cluster.kill(ML_NODE)
    file = toolbox.write(folder / "lost.jsonl", rows)

    def pending() -> bool:
        return doctor(commands)["Tagger model"]["status"] == "bad"

    toolbox.wait(pending)
    assert "new documents are pending" in doctor(commands)["Tagger model"]["found"]
    assert file.exists()


@pytest.mark.parametrize("mend", ["retag", "ingest"])
def test_a_model_inside_the_cluster_is_deployed_again(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    commands: Commands,
    tmp_path: Path,
    mend: str,
) -> None:
    rows = toolbox.documents(40)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("bootstrap-index")
    deployed_in_cluster(client, settings, tmp_path)
    commands.must("ingest", file, "--index", "articles")
    before = toolbox.tags(client, "articles")
    assert None not in before.values()

    lose_the_model(cluster, commands, rows, tmp_path)
    for row in rows[:20]:
        client.index(index="articles", id=row["id"], body=row)
    client.indices.refresh(index="articles")
    statuses = [tags is None for tags in toolbox.tags(client, "articles").values()]
    assert statuses.count(True) == 20

    words = ["ingest", file, "--index", "articles"]
    if mend == "retag":
        words = ["retag", "--index", "articles", "--pending"]
    assert "deployed it again" in commands.must(*words).stderr
    assert toolbox.tags(client, "articles") == before
    assert doctor(commands)["Tagger model"]["status"] == "ok"


def test_a_model_at_the_service_is_deployed_again(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    commands: Commands,
    lmtx: Callable[..., Any],
    tmp_path: Path,
) -> None:
    bootstrap(client, settings, lmtx)
    rows = toolbox.documents(40)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    with running(commands.environment):
        deployed(client, settings)
        model = read_pipeline(client).model
        cluster.kill(ML_NODE)
        commands.run("ingest", file, "--index", "articles")
        commands.insist("retag", "--index", "articles", "--pending")
        assert None not in toolbox.tags(client, "articles").values()
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)
        assert read_pipeline(client).model == model
