"""Copies of the tagging pipeline: one for each way in which indices were attached.

A pipeline sees only the name to which a document was sent: an alias, a data stream or the name of a
copy of the index. An index keeps the setting that names its pipeline through rollover, clone,
shrink and restore. So each list of text fields has a copy of the pipeline. It differs from the main
pipeline in the fields that it reads. A second copy for the same list also moves people's own values
(``--keep-own-tags``).
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

# As a pattern of index names.
_EVERY_INDEX = ["*"]


def is_tagging(pipeline: str | None) -> bool:
    """Return whether a name belongs to the main pipeline or to a copy of it."""
    name = pipeline or ""
    return name == names.PIPELINE or name.startswith(f"{names.PIPELINE}-")


def copy_name(fields: Sequence[str], keep: bool = False) -> str:
    """Return the name of the copy that reads these fields in this order.

    Args:
        keep: people's own values in the tag fields move to the field of manual tags.
    """
    form = [list(fields), "keep"] if keep else list(fields)
    digest = hashlib.sha256(json.dumps(form).encode()).hexdigest()
    return f"{names.PIPELINE}-{digest[:12]}"


def copy_of(body: Mapping[str, Any], fields: Sequence[str], keep: bool = False) -> dict[str, Any]:
    """Return the main pipeline's body, changed to treat all documents in the same way.

    Args:
        fields: the text fields that it reads.
        keep: people's own values in the tag fields move to the field of manual tags. Otherwise
            only those of the indices that the main pipeline names do.
    """
    changed: dict[str, Any] = {"fields": list(fields), "indices": {}}
    if keep:
        changed["keep"] = _EVERY_INDEX
    processors = []
    for processor in body["processors"]:
        script = processor.get("script")
        if script and script.get("tag") == TEXT_STEP:
            params = {**script.get("params", {}), **changed}
            processor = {**processor, "script": {**script, "params": params}}
        processors.append(processor)
    told = f"text fields: {', '.join(fields)}" + ("; keeps people's own tags" if keep else "")
    description = f"{body.get('description', '')} ({told})"
    return {**body, "description": description, "processors": processors}


def read_copies(client: OpenSearch) -> dict[str, dict[str, Any]]:
    """Return name → body of the copies in a cluster."""
    params = {"ignore": 404}  # no pipeline matches
    found = client.ingest.get_pipeline(id=f"{names.PIPELINE}-*", params=params)
    return {name: body for name, body in found.items() if name == own_name(body)}


def own_name(body: Mapping[str, Any]) -> str:
    """Return the name that a pipeline has if it is a copy."""
    return copy_name(fields_of(body), keeps_all(body))


def fields_of(body: Mapping[str, Any]) -> list[str]:
    """Return the text fields that a pipeline reads for indices without fields of their own."""
    return list(_text_params(body).get("fields", []))


def keeps_all(body: Mapping[str, Any]) -> bool:
    """Return whether a pipeline moves people's own values, whatever the name of the index."""
    return list(_text_params(body).get("keep", [])) == _EVERY_INDEX


def _text_params(body: Mapping[str, Any]) -> Mapping[str, Any]:
    for processor in body.get("processors", []):
        script = processor.get("script", {})
        if script.get("tag") == TEXT_STEP:
            return dict(script.get("params", {}))
    return {}


def outdated_copies(
    client: OpenSearch, body: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and new body of each copy that does not match the main pipeline ``body``."""
    for name, there in sorted(read_copies(client).items()):
        wanted = copy_of(body, fields_of(there), keeps_all(there))
        if there != wanted:
            yield name, wanted


def pipeline_step(pipeline: str) -> str:
    """Return the step with which a user's own pipeline calls a tagging pipeline, as JSON."""
    return json.dumps({"pipeline": {"name": pipeline}})


def called_pipeline(client: OpenSearch, pipeline: str) -> str | None:
    """Return the tagging pipeline that a user's own pipeline calls, or None."""
    found = client.ingest.get_pipeline(id=pipeline, params={"ignore": 404})
    for step in found.get(pipeline, {}).get("processors", []):
        name = step.get("pipeline", {}).get("name")
        if is_tagging(name):
            return str(name)
    return None
