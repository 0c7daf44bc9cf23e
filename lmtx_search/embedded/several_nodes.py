"""Starts three embedded nodes that form one cluster, with roles as in production."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lmtx_search.embedded.net import LOOPBACK, ask, wait_until
from lmtx_search.embedded.opensearch import SECONDS_TO_START, Member, Node, launch
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.processes import Process
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress

SEVERAL = 3
"""The number of nodes. With fewer, the loss of one cluster manager stops the cluster."""

# Two nodes hold the documents and one runs the models. Each may become the cluster manager.
_ROLES = (
    ("cluster_manager", "data", "ingest"),
    ("cluster_manager", "data", "ingest"),
    ("cluster_manager", "ml"),
)
_HEAP = "512m"
# The nodes start at once and share the processors.
_SECONDS_TO_START = SEVERAL * SECONDS_TO_START


def nodes_of(places: Places, wanted: int | None) -> int:
    """Return the number of nodes to start: as wanted, else as many as there were before.

    Raises:
        UserError: the data folder holds the data of a cluster with a different number of nodes.
    """
    single = (places.node_data / "data").is_dir()
    several = _folder(places, 1).is_dir()
    if wanted is None:
        return SEVERAL if several else 1
    if (several and wanted == 1) or (single and wanted != 1):
        there = SEVERAL if several else 1
        raise UserError(
            f"the data folder holds the data of a cluster with {there} "
            f"node{'s' if several else ''}: run `lmtx-search up --nodes {there}`, choose another "
            "folder with --data-dir, or delete the data with `lmtx-search down --delete-data`"
        )
    return wanted


def members(places: Places, ports: Sequence[tuple[int, int]]) -> list[Member]:
    """Return the nodes, each with its HTTP port and its transport port."""
    seeds = [f"{LOOPBACK}:{transport}" for _, transport in ports]
    found = []
    for number, ((http, transport), roles) in enumerate(zip(ports, _ROLES, strict=True), 1):
        folder = _folder(places, number)
        settings: dict[str, object] = {
            "node.name": _name(number),
            "node.roles": list(roles),
            "discovery.seed_hosts": seeds,
            "plugins.ml_commons.only_run_on_ml_node": True,
        }
        # Only for the first start: afterwards the cluster knows its managers.
        if not (folder / "data" / "nodes").exists():
            managers = [_name(n) for n in range(1, len(ports) + 1)]
            settings["cluster.initial_cluster_manager_nodes"] = managers
        log = places.logs / f"opensearch-{number}.log"
        snapshots = places.node_data / "snapshots"
        found.append(Member(folder, log, http, transport, snapshots, _HEAP, settings))
    return found


def start_several(
    places: Places,
    node: Node,
    starting: Mapping[str, Member],
    note: Callable[[str], Callable[[Process], None]],
    progress: Progress = SILENT,
) -> None:
    """Start the nodes that do not run, and wait until each of them sees all nodes.

    Args:
        starting: the nodes to start, by the name under which ``note`` records their processes.
    """
    with progress.stage("Starting OpenSearch", len(starting), "nodes") as advance:
        started = {}
        for name, member in starting.items():
            started[name] = launch(places, node, member)
            note(name)(started[name])
        for name, member in starting.items():
            port = member.http_port
            wait_until(lambda port=port: _is_whole(port), started[name], _SECONDS_TO_START)  # type: ignore[misc]
            advance(1)


def _is_whole(port: int) -> bool:
    health = ask(f"http://{LOOPBACK}:{port}/_cluster/health")
    return (
        health is not None
        and health["status"] in ("green", "yellow")
        and health["number_of_nodes"] == SEVERAL
    )


def _folder(places: Places, number: int) -> Path:
    return places.node_data / f"node-{number}"


def _name(number: int) -> str:
    return f"embedded-{number}"
