"""Copies of the tagging pipeline, one for each list of text fields that an index was attached with.

A pipeline sees only the name under which a document was sent: an alias, a data stream, the name of
a copy of the index. The setting that names the pipeline stays with an index through rollover,
clone, shrink and restore. So each list of text fields has a pipeline of its own, which is the main
one but for the fields it reads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names

TEXT_STEP = "lmtx-text"
"""Tag of the script that reads the text fields."""


def is_tagging(pipeline: str | None) -> bool:
    """Tell whether a pipeline of that name is the main one or a copy of it."""
    name = pipeline or ""
    return name == names.PIPELINE or name.startswith(f"{names.PIPELINE}-")


def copy_name(fields: Sequence[str]) -> str:
    """Return what the copy that reads these fields, in this order, is called."""
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
    """Return the copies that a cluster holds, by name."""
    params = {"ignore": 404}  # no pipeline has such a name
    found = client.ingest.get_pipeline(id=f"{names.PIPELINE}-*", params=params)
    return {name: body for name, body in found.items() if name == copy_name(fields_of(body))}


def fields_of(body: Mapping[str, Any]) -> list[str]:
    """Return the text fields that a pipeline reads of indices that it does not know by name."""
    for processor in body.get("processors", []):
        script = processor.get("script", {})
        if script.get("tag") == TEXT_STEP:
            return list(script.get("params", {}).get("fields", []))
    return []


def outdated_copies(
    client: OpenSearch, body: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and new body of each copy that differs from the main pipeline ``body``."""
    for name, there in sorted(read_copies(client).items()):
        wanted = copy_of(body, fields_of(there))
        if there != wanted:
            yield name, wanted


def called_pipeline(client: OpenSearch, pipeline: str) -> str | None:
    """Return the tagging pipeline that a pipeline of the user's calls; None where it calls none."""
    found = client.ingest.get_pipeline(params={"ignore": 404})
    for step in found.get(pipeline, {}).get("processors", []):
        name = step.get("pipeline", {}).get("name")
        if is_tagging(name):
            return str(name)
    return None
