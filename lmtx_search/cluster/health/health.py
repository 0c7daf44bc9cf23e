"""The state of a cluster: its health, its disks and their watermarks, and the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import AuthorizationException, OpenSearch, TransportError

_SETTING = "cluster.routing.allocation.disk.watermark."
_UNITS = {"b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}


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


def watermarks(client: OpenSearch) -> tuple[str, str]:
    """Return the cluster's low mark and its flood stage, as its settings have them."""
    params = {"include_defaults": "true", "flat_settings": "true"}
    try:
        answer = client.cluster.get_settings(params=params)
    except TransportError:
        answer = {}
    found = {**answer.get("defaults", {}), **answer.get("persistent", {})}
    found |= answer.get("transient", {})
    return found.get(f"{_SETTING}low", "85%"), found.get(f"{_SETTING}flood_stage", "95%")


def is_reached(mark: str, disk: Disk) -> bool:
    """Tell whether a disk is as full as a mark: a share that is used, or bytes that are free.

    >>> is_reached("85%", Disk("node", free=10, total=100))
    True
    >>> is_reached("2gb", Disk("node", free=3 * 2**30, total=2**40))
    False
    """
    found = re.fullmatch(r"([\d.]+)\s*(%|[kmgtp]?b)?", mark.strip().lower())
    if found is None:
        return False
    number, unit = float(found[1]), found[2]
    if unit in _UNITS:
        return disk.free <= number * (1 << _UNITS[unit])
    return disk.used >= (number / 100 if unit == "%" else number)
