"""Which cluster it is."""

from __future__ import annotations

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import patiently

# The answer of a cluster that has not formed yet.
_NOT_YET = "_na_"


def cluster_uuid(client: OpenSearch) -> str:
    """Return the cluster's own id, which no other one has ("": it tells none)."""
    found = str(patiently(client.info).get("cluster_uuid") or "")
    return "" if found == _NOT_YET else found
