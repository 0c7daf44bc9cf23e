"""Searches that use the names of the tag fields on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.tag_fields import TagFields


def search(
    client: OpenSearch, index: str, body: Mapping[str, Any], fields: TagFields
) -> dict[str, Any]:
    """Send a search that is written with the default names of the tag fields.

    Args:
        fields: the names to use, where ``all`` is what counts as a tag.
    """
    answer: dict[str, Any] = client.search(index=index, body=fields.in_body(body), params=WHOLE)
    return answer
