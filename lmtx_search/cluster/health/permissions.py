"""Which rights to write a user lacks, found out without a change to the cluster.

The security plugin looks at rights before anything else is looked at. So it is asked for what the
cluster refuses anyhow: a mapping of no type, an index whose name has capitals, a version of a
document that there cannot be. Whoever lacks the right gets another refusal.
"""

from __future__ import annotations

from collections.abc import Sequence

from opensearchpy import AuthorizationException, OpenSearch, TransportError

from lmtx_search.cluster.client.errors import lacked, reason_of
from lmtx_search.index_templates import load


def lacking_to_write(client: OpenSearch, indices: Sequence[str]) -> list[str]:
    """Return the rights that the user lacks, as far as that can be told.

    Making connectors and models cannot be tried so: only :mod:`cluster.taggers` finds out.

    Args:
        indices: into which documents are written; only those that are there are tried.
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
