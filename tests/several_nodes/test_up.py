"""`up --nodes 3`: one cluster with the roles of production, which `down` stops as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmtx_search.embedded import servers
from lmtx_search.embedded.processes import is_alive
from lmtx_search.embedded.state import read_state
from lmtx_search.errors import UserError
from lmtx_search.settings import load_settings
from tests.conftest import runner
from tests.support.several_nodes import ML_NODE, NODES, SeveralNodes

pytestmark = pytest.mark.several_nodes


def test_three_nodes_are_one_cluster_with_roles_of_production(cluster: SeveralNodes) -> None:
    from lmtx_search.cluster.client.connect import connect

    cluster.start()
    client = connect(cluster.settings.opensearch)
    nodes = client.nodes.info(metric="http")["nodes"].values()
    roles = {node["name"]: set(node["roles"]) for node in nodes}
    assert roles == {
        "embedded-1": {"cluster_manager", "data", "ingest"},
        "embedded-2": {"cluster_manager", "data", "ingest"},
        "embedded-3": {"cluster_manager", "ml"},
    }
    assert all(node["http"]["publish_address"].startswith("127.0.0.1:") for node in nodes)


def test_commands_know_all_addresses(cluster: SeveralNodes, tmp_path: Path) -> None:
    cluster.start()
    lmtx = runner({"PATH": "/usr/bin", "HOME": str(tmp_path)}, tmp_path)
    done = lmtx("--data-dir", cluster.data_dir, "config", "--json")
    shown = json.loads(done.stdout)
    assert "opensearch.urls" in json.dumps(shown)
    assert len(cluster.settings.opensearch.addresses) == 3


def test_up_starts_only_the_node_that_ended(cluster: SeveralNodes) -> None:
    cluster.start()
    before = read_state(cluster.data_dir)
    cluster.kill(ML_NODE)
    shown = {one.name: one.state for one in servers.servers(cluster.settings)}
    assert [shown[name] for name in NODES] == ["running", "running", "ended"]
    cluster.start()
    after = read_state(cluster.data_dir)
    assert [after.processes[name] == before.processes[name] for name in NODES] == [
        True,
        True,
        False,
    ]
    assert after.ports == before.ports


def test_a_folder_with_three_nodes_is_not_started_as_one(cluster: SeveralNodes) -> None:
    with pytest.raises(UserError, match="a cluster with 3 nodes: run `lmtx-search up --nodes 3`"):
        servers.up(cluster.settings, judge=False, tagger=False, nodes=1)


def test_down_stops_all_nodes_and_up_brings_their_data_back(cluster: SeveralNodes) -> None:
    from lmtx_search.cluster.client.connect import connect

    cluster.start()
    connect(cluster.settings.opensearch).index(index="kept", id="1", body={"a": 1})
    processes = [read_state(cluster.data_dir).processes[name] for name in NODES]
    stopped = servers.down(cluster.settings)
    assert [one.name for one in stopped] == list(NODES)
    assert not any(map(is_alive, processes))
    # Without --nodes, as many as there were.
    servers.up(load_settings(flags={"data_dir": cluster.data_dir}), judge=False, tagger=False)
    client = connect(cluster.settings.opensearch)
    assert client.get(index="kept", id="1")["_source"] == {"a": 1}
    client.indices.delete(index="kept")
