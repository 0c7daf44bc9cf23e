"""Copies of the tagging pipeline: one for each list of text fields of attached indices.

A pipeline sees only the name to which a document was sent: an alias, a data stream or the name of a
copy of the index. An index keeps the setting that names its pipeline through rollover, clone,
shrink and restore. So each list of text fields has a pipeline of its own. It differs from the main
pipeline only in the fields that it reads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names

TEXT_STEP = "lmtx-text"
"""The tag of the script that reads the text fields."""


def is_tagging(pipeline: str | None) -> bool:
    """Return whether a name belongs to the main pipeline or to a copy of it."""
    name = pipeline or ""
    return name == names.PIPELINE or name.startswith(f"{names.PIPELINE}-")


def copy_name(fields: Sequence[str]) -> str:
    """Return the name of the copy that reads these fields in this order."""
    digest = hashlib.sha256(json.dumps(list(fields)).encode()).hexdigest()
    return f"{names.PIPELINE}-{digest[:12]}"


def copy_of(body: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the main pipeline's body, changed to read these fields of every document."""
    processors = []
    for processor in body["processors"]:
        script = processor.get("script")
        if script and script.get("tag") == TEXT_STEP:
            params = {**script.get("params", {}), "fields": list(fields), "indices": {}}
            processor = {**processor, "script": {**script, "params": params}}
        processors.append(processor)
    description = f"{body.get('description', '')} (text fields: {', '.join(fields)})"
    return {**body, "description": description, "processors": processors}


def read_copies(client: OpenSearch) -> dict[str, dict[str, Any]]:
    """Return name → body of the copies in a cluster."""
    params = {"ignore": 404}  # no pipeline matches
    found = client.ingest.get_pipeline(id=f"{names.PIPELINE}-*", params=params)
    return {name: body for name, body in found.items() if name == copy_name(fields_of(body))}


def fields_of(body: Mapping[str, Any]) -> list[str]:
    """Return the text fields that a pipeline reads for indices without fields of their own."""
    for processor in body.get("processors", []):
        script = processor.get("script", {})
        if script.get("tag") == TEXT_STEP:
            return list(script.get("params", {}).get("fields", []))
    return []


def outdated_copies(
    client: OpenSearch, body: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and new body of each copy that does not match the main pipeline ``body``."""
    for name, there in sorted(read_copies(client).items()):
        wanted = copy_of(body, fields_of(there))
        if there != wanted:
            yield name, wanted


def called_pipeline(client: OpenSearch, pipeline: str) -> str | None:
    """Return the tagging pipeline that a user's own pipeline calls, or None."""
    found = client.ingest.get_pipeline(params={"ignore": 404})
    for step in found.get(pipeline, {}).get("processors", []):
        name = step.get("pipeline", {}).get("name")
        if is_tagging(name):
            return str(name)
    return None
