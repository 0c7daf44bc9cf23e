"""The cluster settings that a connector needs to reach the tagger."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearch

from lmtx_search.index_templates import load

ML_NODES = "plugins.ml_commons.only_run_on_ml_node"
PRIVATE = "plugins.ml_commons.connector.private_ip_enabled"
TRUSTED = "plugins.ml_commons.trusted_connector_endpoints_regex"
ARCHIVED = "archived."


def missing_settings(client: OpenSearch, tagger_url: str, has_ml_nodes: bool) -> dict[str, Any]:
    """Return the settings that a connector to ``tagger_url`` still needs; may be empty.

    As long as archived settings exist, the cluster refuses every other change of its settings. The
    result then also removes them.
    """
    params = {"include_defaults": "true", "flat_settings": "true"}
    answer = client.cluster.get_settings(params=params)
    values = {**answer["defaults"], **answer["persistent"], **answer["transient"]}
    needed = needed_settings(values, tagger_url, has_ml_nodes)
    if needed and any(name.startswith(ARCHIVED) for name in answer["persistent"]):
        needed[f"{ARCHIVED}*"] = None
    return needed


def archived_settings(client: OpenSearch) -> list[str]:
    """Return the settings that an upgrade of OpenSearch has archived, because it has them no more.

    They have no effect, but the cluster refuses to change any other setting while they exist.
    """
    answer = client.cluster.get_settings(params={"flat_settings": "true"})
    return sorted(name for name in answer["persistent"] if name.startswith(ARCHIVED))


def needed_settings(values: dict[str, Any], tagger_url: str, has_ml_nodes: bool) -> dict[str, Any]:
    """Return the settings (dotted keys) of the cluster that a connector still needs."""
    trusted = _as_list(values.get(TRUSTED, []))
    wanted = load("cluster_settings", trusted_endpoints=[*trusted, endpoint_regex(tagger_url)])
    needed: dict[str, Any] = dict(wanted["persistent"])
    if has_ml_nodes or not _is_true(values.get(ML_NODES, True)):
        del needed[ML_NODES]
    if not is_private(tagger_url) or _is_true(values.get(PRIVATE, False)):
        del needed[PRIVATE]
    if any(_trusts(regex, tagger_url) for regex in trusted):
        del needed[TRUSTED]
    return needed


def endpoint_regex(tagger_url: str) -> str:
    """Return the expression that trusts only the tagger's address."""
    return f"^{re.escape(tagger_url.rstrip('/'))}/.*$"


def is_private(tagger_url: str) -> bool:
    """Return whether an address may be in a private network (a host name always may)."""
    host = urlsplit(tagger_url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return True


def _trusts(regex: str, tagger_url: str) -> bool:
    try:
        return re.fullmatch(regex, f"{tagger_url.rstrip('/')}/tag") is not None
    except re.error:
        return False


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _as_list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
