"""The node that runs the model leaves for good: `doctor` says so, `retag` and `ingest` mend it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import TransportError

from lmtx_search.cluster.ml.connectors import finished, ml_request
from lmtx_search.cluster.ml.model_state import why_down
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.several_nodes import ML_NODE, SeveralNodes
from tests.support.tagger_service import running
from tests.support.tiny_in_cluster import deployed_in_cluster

pytestmark = pytest.mark.several_nodes


def doctor(commands: Commands) -> dict[str, Any]:
    """Return the checks of `doctor` by name."""
    found = json.loads(commands.run("doctor", "--json").stdout)["checks"]
    return {f"{one['group']} {one['name']}": one for one in found}


def lose_the_model(cluster: SeveralNodes, client: Any) -> None:
    """Kill the node that runs the model, and wait until the cluster knows."""
    model = read_pipeline(client).model
    assert model is not None
    cluster.kill(ML_NODE)

    def noticed() -> bool:
        with suppress(TransportError):  # the lost node may have been the cluster manager
            return why_down(client, model) is not None
        return False

    toolbox.wait(noticed)


def keep_on(cluster: SeveralNodes, client: Any, name: str) -> None:
    """Deploy the pipeline's model on one node alone, as an operator may."""
    allowed = "plugins.ml_commons.allow_custom_deployment_plan"
    client.cluster.put_settings(body={"persistent": {allowed: True}})
    model = read_pipeline(client).model
    node = next(
        id_
        for id_, found in client.nodes.info(metric="http")["nodes"].items()
        if found["name"] == cluster.node_name(name)
    )
    ml_request(client, "POST", f"/models/{model}/_undeploy")
    started = ml_request(client, "POST", f"/models/{model}/_deploy", {"node_ids": [node]})
    finished(client, started["task_id"])
    client.cluster.put_settings(body={"persistent": {allowed: None}})


@pytest.mark.parametrize("mend", ["retag", "ingest"])
def test_a_model_inside_the_cluster_is_deployed_again_when_its_node_is_back(
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

    lose_the_model(cluster, client)
    found = doctor(commands)["Tagger model"]
    assert (found["status"], "new documents are pending" in found["found"]) == ("bad", True)
    done = commands.must("ingest", file, "--index", "articles", "--from-start")
    assert "Documents will be pending: the cluster does not run the tagger itself" in done.stderr
    assert set(toolbox.tags(client, "articles").values()) == {None}
    refused = commands.run("retag", "--index", "articles", "--pending")
    assert "the cluster does not run the tagger itself" in refused.stderr

    cluster.start()
    if mend == "retag":
        commands.insist("retag", "--index", "articles", "--pending")
    else:
        commands.must("ingest", file, "--index", "articles", "--from-start")
    assert toolbox.tags(client, "articles") == before
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)
    assert doctor(commands)["Tagger model"]["status"] == "ok"


def test_a_model_at_the_service_goes_on_with_the_nodes_that_are_left(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    commands: Commands,
    lmtx: Run,
    tmp_path: Path,
) -> None:
    bootstrap(client, settings, lmtx)
    rows = toolbox.documents(40)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    with running(commands.environment):
        deployed(client, settings)
        cluster.kill(ML_NODE)
        commands.insist("ingest", file, "--index", "articles")
        # The first requests may still go to the lost node.
        commands.insist("retag", "--index", "articles", "--pending")
        assert None not in toolbox.tags(client, "articles").values()
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)
        assert doctor(commands)["Tagger model"]["status"] == "ok"


def test_a_model_at_the_service_that_was_on_the_lost_node_alone_is_deployed_again(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    commands: Commands,
    lmtx: Run,
    tmp_path: Path,
) -> None:
    bootstrap(client, settings, lmtx)
    rows = toolbox.documents(40)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    with running(commands.environment):
        deployed(client, settings)
        keep_on(cluster, client, ML_NODE)
        commands.must("ingest", file, "--index", "articles")
        lose_the_model(cluster, client)
        assert doctor(commands)["Tagger model"]["status"] == "bad"
        done = commands.must("ingest", file, "--index", "articles", "--from-start")
        assert "deployed it again" in done.stderr
        commands.insist("retag", "--index", "articles", "--pending")
        assert None not in toolbox.tags(client, "articles").values()
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)
        assert doctor(commands)["Tagger model"]["status"] == "ok"
