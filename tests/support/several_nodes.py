"""Three real nodes that form one cluster, which tests kill, stop and start one by one."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmtx_search.cli.context import Lines
from lmtx_search.cluster.client.connect import connect
from lmtx_search.embedded import servers
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.models import prepare_encoder
from lmtx_search.embedded.net import is_free, wait_for
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, is_alive, stop
from lmtx_search.embedded.several_nodes import members, start_several
from lmtx_search.embedded.state import State, read_state
from lmtx_search.settings import Settings, load_settings
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.opensearch_2_19 import UNSECURED, node_2_19

# The data folder of a cluster that a developer started with `lmtx-search --data-dir FOLDER up
# --nodes 3` and keeps between test sessions. Tests delete everything in it.
KEPT = "LMTX_TEST_NODES_DIR"
_SECONDS = 180.0
NODES = servers.NODES
ML_NODE = NODES[2]


class SeveralNodes:
    """The cluster of a data folder. Nodes have the names under which `up` records them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    @property
    def settings(self) -> Settings:
        """The settings with which commands find the cluster."""
        return load_settings(flags={"data_dir": self.data_dir})

    def start(self) -> None:
        """Start the nodes that do not run, and wait until all three are one cluster."""
        servers.up(self.settings, judge=False, tagger=False, nodes=3, progress=Lines())

    def kill(self, name: str) -> None:
        """Kill a node with SIGKILL, and wait until its ports are free."""
        state = read_state(self.data_dir)
        process = state.processes[name]
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(process), f"the end of {name}", _SECONDS)
        ports = [state.ports[name], state.ports[f"{name}-transport"]]
        wait_for(lambda: all(map(is_free, ports)), f"the ports of {name}", _SECONDS)

    def stop(self, name: str) -> None:
        """Let a node end as an operator does."""
        stop(read_state(self.data_dir).processes[name], patience=120)

    def url(self, name: str) -> str:
        """The address of a node."""
        return f"http://127.0.0.1:{read_state(self.data_dir).ports[name]}"

    def manager(self) -> str:
        """The node that is the cluster manager now."""
        return self._name(self._client().cat.cluster_manager(format="json")[0]["node"])

    def holder(self, index: str) -> str:
        """The node that has the primary shard of an index."""
        shards = self._client().cat.shards(index=index, format="json")
        return self._name(next(one["node"] for one in shards if one["prirep"] == "p"))

    def wait_for_green(self) -> None:
        """Wait until all shards have all copies."""
        client = self._client()

        def is_green() -> bool:
            health = client.cluster.health()
            return (health["status"], health["number_of_nodes"]) == ("green", len(NODES))

        wait_for(is_green, "green", _SECONDS)

    @staticmethod
    def node_name(name: str) -> str:
        """The name by which the cluster knows a node."""
        return f"embedded-{NODES.index(name) + 1}"

    def _client(self) -> Any:
        return connect(self.settings.opensearch, reading=True)

    @staticmethod
    def _name(node: str) -> str:
        return NODES[int(node.removeprefix("embedded-")) - 1]


def settings_for(cluster: SeveralNodes, data_dir: Path) -> Settings:
    """Return settings with the addresses of all nodes, and a data folder of a test's own."""
    urls = cluster.settings.opensearch.urls
    encoder = prepare_encoder(cluster.settings.cache_dir, Lines())
    nowhere = "http://127.0.0.1:9"
    servers = Servers(urls[0], nowhere, "none", encoder, "127.0.0.1", "127.0.0.1")
    flags = flags_of(servers, data_dir)
    del flags["opensearch.url"]
    return load_settings(flags=flags | {"opensearch.urls": urls})


def environment_for(settings: Settings) -> dict[str, str]:
    """Return the environment in which a `lmtx-search` command has these settings."""
    urls = ",".join(settings.opensearch.urls)
    return environment_of(settings) | {"LMTX_OPENSEARCH_URLS": urls}


@contextmanager
def several_nodes(version: str = "3.6") -> Iterator[SeveralNodes]:
    """Start three nodes of a version; they and their data are gone after the block."""
    if version == "3.6" and os.environ.get(KEPT):
        yield SeveralNodes(Path(os.environ[KEPT]))
        return
    base = Path(tempfile.mkdtemp(prefix="lmtx-nodes-"))
    base.chmod(0o755)
    cluster = SeveralNodes(base)
    try:
        if version == "2.19":
            _start_2_19(cluster)
        cluster.start()
        yield cluster
    finally:
        servers.down(cluster.settings)
        remove_folder(find_places(cluster.settings).node_data)
        remove_folder(base)


def _start_2_19(cluster: SeveralNodes) -> None:
    """Start three nodes of the oldest version, and record them as `up` does."""
    places, state = find_places(cluster.settings), read_state(cluster.data_dir)
    node = replace(node_2_19(places, Lines()), settings=UNSECURED)
    for name in NODES:
        servers.assign_ports(state, name)
    ports = [(state.ports[name], state.ports[f"{name}-transport"]) for name in NODES]

    def noted(name: str) -> Any:
        def note(process: Process) -> None:
            state.processes[name] = process
            state.write()

        return note

    state.settings |= addresses_of(state)
    starting = dict(zip(NODES, members(places, ports), strict=True))
    start_several(places, node, starting, noted, Lines())


def addresses_of(state: State) -> dict[str, Any]:
    """Return the settings with which commands find the nodes of a data folder."""
    urls = [f"http://127.0.0.1:{state.ports[name]}" for name in NODES]
    return {
        "opensearch.url": urls[0],
        "opensearch.urls": urls,
        "opensearch.knn_engine": "lucene",
    }
