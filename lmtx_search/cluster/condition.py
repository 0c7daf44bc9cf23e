"""How a cluster is: its health, its disks and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, OpenSearch, TransportError


@dataclass(frozen=True, slots=True)
class Health:
    """``status`` is green, yellow or red; ``unassigned`` counts shards that lie nowhere."""

    status: str
    nodes: int
    unassigned: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A node's data folder, in bytes."""

    node: str
    free: int
    total: int

    @property
    def used(self) -> float:
        """Share that is in use, in [0, 1]."""
        return 1 - self.free / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, as the security plugin knows them."""

    user: str
    roles: tuple[str, ...]


def health(client: OpenSearch) -> Health:
    """Return the cluster's health."""
    answer = client.cluster.health()
    return Health(answer["status"], answer["number_of_nodes"], answer["unassigned_shards"])


def disks(client: OpenSearch) -> list[Disk] | None:
    """Return the data folders of all nodes that say how large they are.

    None where the user lacks the right to see them: nothing but this needs it.
    """
    try:
        nodes: Mapping[str, Any] = client.nodes.stats(metric="fs")["nodes"]
    except AuthorizationException:
        return None
    found = []
    for id_, node in nodes.items():
        total = node.get("fs", {}).get("total", {})
        if total.get("total_in_bytes"):
            found.append(
                Disk(
                    str(node.get("name", id_)), total["available_in_bytes"], total["total_in_bytes"]
                )
            )
    return found


def account(client: OpenSearch, nodes: Mapping[str, Any]) -> Account | None:
    """Return who asks; None where the cluster has no security plugin, or one that says nothing.

    Args:
        nodes: with their plugins, as the cluster's nodes are told.
    """
    if not has_security(nodes):
        return None
    try:
        answer = client.transport.perform_request("GET", "/_plugins/_security/authinfo")
    except TransportError:
        return None
    return read_account(answer)


def has_security(nodes: Mapping[str, Any]) -> bool:
    """Tell whether a node has the security plugin."""
    plugins = {plugin["name"] for node in nodes.values() for plugin in node.get("plugins", [])}
    return "opensearch-security" in plugins


def read_account(answer: Mapping[str, Any]) -> Account:
    """Read what the security plugin's ``authinfo`` answered."""
    return Account(str(answer.get("user_name", "?")), tuple(sorted(answer.get("roles", ()))))
