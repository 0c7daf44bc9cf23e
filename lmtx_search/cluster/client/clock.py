"""The cluster's clock: times that several machines compare come from one clock."""

from __future__ import annotations

from datetime import datetime, timezone

from opensearchpy import AuthorizationException, OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.index_templates import load


def cluster_time(client: OpenSearch) -> datetime:
    """Return the time (UTC) of a node, as the pipeline writes it to ``tagging.at``.

    Whoever may not run a pipeline on trial gets this machine's time.
    """
    try:
        answer = patiently(client.ingest.simulate, body=load("pipelines/clock"))
    except AuthorizationException:
        return datetime.now(timezone.utc)
    stamp = str(answer["docs"][0]["doc"]["_ingest"]["timestamp"])
    # Nanoseconds are more than Python reads.
    return datetime.fromisoformat(stamp.rstrip("Z")[:26]).replace(tzinfo=timezone.utc)
