"""From how full a disk on a cluster takes no new shards, and nothing at all."""

from __future__ import annotations

import re

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.condition import Disk

_SETTING = "cluster.routing.allocation.disk.watermark."
_UNITS = {"b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}


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
