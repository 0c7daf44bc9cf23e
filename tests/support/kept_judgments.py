"""The judgments that a cluster keeps, as pairs of document and label."""

from __future__ import annotations

import re
from typing import Any


def kept(client: Any) -> set[tuple[str, str]]:
    """The pairs of document and label whose judgments are in the index."""
    client.indices.refresh(index="lmtx-judgments")
    found = client.search(index="lmtx-judgments", body={"size": 1000})
    sources = [hit["_source"] for hit in found["hits"]["hits"]]
    return {(source["document_id"], source["label_id"]) for source in sources}


def pair(prompt: str) -> tuple[str, str]:
    """The document and the label that a prompt asks about."""
    found = re.search(r'Program (\w) about ([\w ]+)\n.*Tag: "([^"]+)"', prompt, re.DOTALL)
    assert found
    return f"{found[2]}-{found[1]}", found[3]
