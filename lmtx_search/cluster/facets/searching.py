"""Searches that use the names of the tag fields on this cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.ml.pipeline import tag_fields


def search(client: OpenSearch, index: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Send a search that is written with the default names of the tag fields."""
    answer: dict[str, Any] = client.search(index=index, body=tag_fields(client).in_body(body))
    return answer
