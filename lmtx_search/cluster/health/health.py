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
    """``status`` is green, yellow or red; ``unassigned`` counts shards without a node."""

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
        """The used share, in [0, 1]."""
        return 1 - self.free / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """The user, as the security plugin knows them."""

    user: str
    roles: tuple[str, ...]


def health(client: OpenSearch) -> Health:
    """Return the cluster's health."""
    answer = client.cluster.health()
    return Health(answer["status"], answer["number_of_nodes"], answer["unassigned_shards"])


def disks(client: OpenSearch) -> list[Disk] | None:
    """Return the data folders of all nodes that report their sizes.

    None if the user lacks the right to see them. Only this check needs that right.
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
    """Return the user; None if the cluster has no security plugin, or it does not answer.

    Args:
        nodes: the cluster's nodes with their plugins.
    """
    if not has_security(nodes):
        return None
    try:
        answer = client.transport.perform_request("GET", "/_plugins/_security/authinfo")
    except TransportError:
        return None
    return read_account(answer)


def has_security(nodes: Mapping[str, Any]) -> bool:
    """Return whether a node has the security plugin."""
    plugins = {plugin["name"] for node in nodes.values() for plugin in node.get("plugins", [])}
    return "opensearch-security" in plugins


def read_account(answer: Mapping[str, Any]) -> Account:
    """Read the answer of the security plugin's ``authinfo``."""
    return Account(str(answer.get("user_name", "?")), tuple(sorted(answer.get("roles", ()))))


def watermarks(client: OpenSearch) -> tuple[str, str]:
    """Return the low watermark and the flood stage from the cluster's settings."""
    params = {"include_defaults": "true", "flat_settings": "true"}
    try:
        answer = client.cluster.get_settings(params=params)
    except TransportError:
        answer = {}
    found = {**answer.get("defaults", {}), **answer.get("persistent", {})}
    found |= answer.get("transient", {})
    return found.get(f"{_SETTING}low", "85%"), found.get(f"{_SETTING}flood_stage", "95%")


def is_reached(mark: str, disk: Disk) -> bool:
    """Return whether a disk has reached a watermark: a used share, or a number of free bytes.

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
