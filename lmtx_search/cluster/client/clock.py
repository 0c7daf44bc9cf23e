"""The cluster's clock: times that several machines compare must come from one clock."""

from __future__ import annotations

from datetime import datetime, timezone

from opensearchpy import AuthorizationException, OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.index_templates import load


def cluster_time(client: OpenSearch) -> datetime:
    """Return the time (UTC) of a node, as the pipeline writes it to ``tagging.at``.

    A user without the right to simulate a pipeline gets this machine's time.
    """
    try:
        answer = patiently(client.ingest.simulate, body=load("pipelines/clock"))
    except AuthorizationException:
        return datetime.now(timezone.utc)
    stamp = str(answer["docs"][0]["doc"]["_ingest"]["timestamp"])
    # Python reads microseconds, not nanoseconds.
    return datetime.fromisoformat(stamp.rstrip("Z")[:26]).replace(tzinfo=timezone.utc)
