"""Whether the user sees whole documents: what `retag` reads is what it writes back."""

from __future__ import annotations

from uuid import uuid4

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import lacking, reason_of
from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.documents.bulk import describe
from lmtx_search.errors import UserError

# The security plugin refuses every partial update of a user with such restrictions.
_RESTRICTED = "Update is not supported when FLS or DLS or Fieldmasking is activated"


def require_whole_documents(client: OpenSearch, index: str) -> None:
    """Check that no field of an index is hidden from the user, by an update that changes nothing.

    A search leaves hidden fields out and shows masked ones as hashes, without a word. The update
    names a random id, which no document has.

    Raises:
        UserError: fields or documents are hidden, or the user may not update documents.
    """
    body = [{"update": {"_index": index, "_id": uuid4().hex}}, {"doc": {}}]
    try:
        answer = patiently(client.bulk, body=body)
    except TransportError as error:
        if _RESTRICTED in reason_of(error):
            raise _refusal(index) from error
        raise
    outcome = answer["items"][0]["update"]
    reason = describe(outcome.get("error", {}))
    if _RESTRICTED in reason:
        raise _refusal(index)
    if lacks := lacking(reason, f"writing to {index}"):
        raise lacks


def _refusal(index: str) -> UserError:
    return UserError(
        f"the user sees only a part of the documents of {index} (field-level security, field "
        "masking or document-level security): retag would leave hidden documents out, and would "
        "write hidden fields back empty or as hashes. Sign in as a user without these restrictions"
    )
