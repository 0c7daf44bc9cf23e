"""Searches that use the names of the tag fields on this cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.ml.pipeline import tag_fields


def search(
    client: OpenSearch, index: str, body: Mapping[str, Any], suggested: bool = False
) -> dict[str, Any]:
    """Send a search that is written with the default names of the tag fields.

    Args:
        suggested: search suggestions wherever the search names tags.
    """
    fields = tag_fields(client)
    if suggested:
        fields = replace(fields, tags=fields.suggested)
    answer: dict[str, Any] = client.search(index=index, body=fields.in_body(body), params=WHOLE)
    return answer
