"""Finds the write permissions that a user lacks, without a change to the cluster.

The security plugin checks permissions before the cluster checks the request. So each probe is a
request that the cluster always refuses: a mapping without a type, an index name with capitals, an
impossible document version. A user without the permission gets a different refusal.
"""

from __future__ import annotations

from collections.abc import Sequence

from opensearchpy import AuthorizationException, OpenSearch, TransportError

from lmtx_search.cluster.client.errors import lacked, reason_of
from lmtx_search.index_templates import load


def lacking_to_write(client: OpenSearch, indices: Sequence[str]) -> list[str]:
    """Return the rights that the user lacks, as far as they can be probed.

    The rights to create connectors and models cannot be probed; only a deployment shows them.

    Args:
        indices: the indices to write to; missing ones are skipped.
    """
    requests = load("roles/probes")
    refusals = []
    for probe in requests["probes"]:
        try:
            client.transport.perform_request(probe["method"], probe["path"], body=probe.get("body"))
        except AuthorizationException as error:
            refusals.append(reason_of(error))
        except TransportError as error:
            if not isinstance(error.status_code, int):
                raise
    for index in filter(lambda index: client.indices.exists(index=index), indices):
        try:
            answer = client.bulk(index=index, body=requests["documents"])
        except AuthorizationException as error:
            refusals.append(reason_of(error))
        else:
            items = [outcome for item in answer["items"] for outcome in item.values()]
            refusals += [item["error"]["reason"] for item in items if item["status"] == 403]
    return sorted({right for reason in refusals for right in lacked(reason)})
