"""What a cluster has to be: OpenSearch of a version that can do it, with three plugins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.errors import UserError

OLDEST = (2, 19)
# What each plugin may call itself, and what it is for.
PLUGINS = {
    "opensearch-knn": ("opensearch-knn",),
    "opensearch-ml": ("opensearch-ml", "opensearch-ml-plugin"),
    "opensearch-neural-search": ("opensearch-neural-search", "neural-search"),
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster says of itself."""

    name: str
    version: str
    nodes: int
    has_ml_nodes: bool


def check_cluster(client: OpenSearch, engine: str = "lucene") -> Cluster:
    """Return what the cluster is.

    Raises:
        UserError: it is too old, no OpenSearch, a node lacks a plugin (says how to get it) or
            has no libraries for the k-NN engine.
    """
    info = client.info()
    version = check_version(info.get("version", {}))
    nodes = client.nodes.info(metric="plugins")["nodes"]
    check_plugins(nodes, version)
    check_engine(nodes, engine)
    return Cluster(info["cluster_name"], version, len(nodes), has_ml_nodes(nodes))


def has_ml_nodes(nodes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether one of the nodes has the role of running models."""
    return any("ml" in node.get("roles", []) for node in nodes.values())


def check_version(version: Mapping[str, Any]) -> str:
    """Return the version's number.

    Raises:
        UserError: older than 2.19, or not OpenSearch.
    """
    number = str(version.get("number", "?"))
    if version.get("distribution") != "opensearch":
        raise UserError(f"the cluster is no OpenSearch (it says {number}): 2.19 or newer is needed")
    parts = re.match(r"(\d+)\.(\d+)", number)
    if parts is None or (int(parts[1]), int(parts[2])) < OLDEST:
        raise UserError(f"the cluster is OpenSearch {number}: upgrade it to 2.19 or newer")
    return number


def check_plugins(nodes: Mapping[str, Mapping[str, Any]], version: str) -> None:
    """See that every node has the plugins.

    Raises:
        UserError: what is missing where, and how to get it.
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
    """See that no node says that it cannot run the k-NN engine; most say nothing.

    The first vector written to a ``faiss`` index ends a node that lacks its libraries.

    Raises:
        UserError: an embedded node, which has ``lucene`` alone.
    """
    for node in nodes.values():
        engines = node.get("attributes", {}).get("lmtx_knn_engines")
        if engines and engine not in engines.split(","):
            raise UserError(
                f"the node {node.get('name')} has no {engine} libraries: set opensearch.knn_engine "
                f"to {engines}"
            )
