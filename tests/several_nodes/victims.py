"""Nodes that tests kill, by what they do in the cluster."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.several_nodes import ML_NODE, NODES, SeveralNodes

Choice = Callable[[SeveralNodes, str], str]
"""Chooses a node, given the cluster and the index that the command writes."""

ADDRESSED = "node that the client talks to"

VICTIMS: dict[str, Choice] = {
    "node that runs the model": lambda cluster, index: ML_NODE,
    "cluster manager": lambda cluster, index: cluster.manager(),
    "node with the primary shard": lambda cluster, index: cluster.holder(index),
    ADDRESSED: lambda cluster, index: NODES[0],
}


def other_node(victim: str) -> str:
    """Return a node that lives on."""
    return next(name for name in NODES if name != victim)
