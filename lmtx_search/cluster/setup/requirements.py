"""The requirements on a cluster: OpenSearch 2.19 or newer, with three plugins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.errors import UserError

OLDEST = (2, 19)
# The names that each plugin may have, and its purpose.
PLUGINS = {
    "opensearch-knn": ("opensearch-knn",),
    "opensearch-ml": ("opensearch-ml", "opensearch-ml-plugin"),
    "opensearch-neural-search": ("opensearch-neural-search", "neural-search"),
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster reports about itself."""

    name: str
    version: str
    nodes: int
    has_ml_nodes: bool


def check_cluster(client: OpenSearch, engine: str = "lucene") -> Cluster:
    """Return what the cluster reports about itself, if it meets the requirements.

    Raises:
        UserError: it is too old or not OpenSearch, no node may run ingest pipelines, or a node
            lacks a plugin (the message says how to install it) or the libraries of the k-NN engine.
    """
    info = client.info()
    version = check_version(info.get("version", {}))
    nodes = client.nodes.info(metric="plugins")["nodes"]
    check_plugins(nodes, version)
    check_ingest(nodes)
    check_engine(nodes, engine)
    return Cluster(info["cluster_name"], version, len(nodes), has_ml_nodes(nodes))


def has_ml_nodes(nodes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether one of the nodes has the role ``ml``, which runs models."""
    return any("ml" in node.get("roles", []) for node in nodes.values())


def check_ingest(nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how many nodes may run ingest pipelines.

    Raises:
        UserError: no node may, so that the cluster refuses every write through a pipeline, although
            it accepts and simulates pipelines.
    """
    told = [node["roles"] for node in nodes.values() if "roles" in node]
    count = sum("ingest" in roles for roles in told)
    if told and not count:
        raise UserError(
            "no node of the cluster has the role ingest, so it refuses every document that is "
            "written through a pipeline: add ingest to node.roles in the opensearch.yml of a node "
            "and restart it"
        )
    return f"{count or len(nodes)} of {len(nodes)} nodes may run ingest pipelines"


def versions_of(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return version → number of nodes; several versions during a rolling upgrade.

    Raises:
        UserError: a node is older than 2.19.
    """
    numbers = [str(node["version"]) for node in nodes.values() if "version" in node]
    for number in numbers:
        check_version({"distribution": "opensearch", "number": number})
    return {number: numbers.count(number) for number in sorted(set(numbers))}


def check_version(version: Mapping[str, Any]) -> str:
    """Return the version number.

    Raises:
        UserError: older than 2.19, or not OpenSearch.
    """
    number = str(version.get("number", "?"))
    if version.get("distribution") != "opensearch":
        raise UserError(
            f"the cluster is not OpenSearch (its version is {number}): use OpenSearch 2.19 or newer"
        )
    parts = re.match(r"(\d+)\.(\d+)", number)
    if parts is None or (int(parts[1]), int(parts[2])) < OLDEST:
        raise UserError(f"the cluster is OpenSearch {number}: upgrade it to 2.19 or newer")
    return number


def check_plugins(nodes: Mapping[str, Mapping[str, Any]], version: str) -> None:
    """Check that every node has the plugins.

    Raises:
        UserError: plugins are missing; the message says where, and how to install them.
    """
    missing: dict[str, list[str]] = {}
    for id_, node in nodes.items():
        there = {plugin["name"] for plugin in node.get("plugins", [])}
        for plugin, aliases in PLUGINS.items():
            if there.isdisjoint(aliases):
                missing.setdefault(plugin, []).append(str(node.get("name", id_)))
    if not missing:
        return
    where = "; ".join(f"{plugin} (on {', '.join(names)})" for plugin, names in missing.items())
    raise UserError(
        f"the cluster lacks plugins: {where}; they are part of the full OpenSearch {version} "
        "distribution and of the image opensearchproject/opensearch, or run "
        "`bin/opensearch-plugin install` on each node; `lmtx-search up` starts a node that has them"
    )


def check_engine(nodes: Mapping[str, Mapping[str, Any]], engine: str) -> None:
    """Check that no node reports that it cannot run the k-NN engine; most report nothing.

    Writing the first vector to a ``faiss`` index crashes a node without the faiss libraries.

    Raises:
        UserError: the engine is ``faiss`` and the node is embedded, which has only ``lucene``.
    """
    for node in nodes.values():
        engines = node.get("attributes", {}).get("lmtx_knn_engines")
        if engines and engine not in engines.split(","):
            raise UserError(
                f"the node {node.get('name')} has no {engine} libraries: set opensearch.knn_engine "
                f"to {engines}"
            )
