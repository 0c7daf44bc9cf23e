"""Updates pipelines of earlier releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.cluster.client.schema import SCHEMA
from lmtx_search.cluster.ml.pipeline import (
    pipeline_state,
    step_tag,
    tagging_pipeline,
    untagged_pipeline,
)
from lmtx_search.tag_fields import TagFields


def of_this_release(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a pipeline of an earlier release with the scripts of this one.

    Tagger, model, text fields and steps that others added are kept. The result is None if nothing
    changes, because the pipeline has this release's form or belongs to another program.
    """
    if int(body.get("version", 1)) >= SCHEMA:
        return None
    state = pipeline_state(body)
    made = tagging_pipeline("", "", []) if state.model else untagged_pipeline()
    ours = {
        step_tag(processor): processor["script"]
        for processor in (*made["processors"], *made.get("on_failure", []))
        if step_tag(processor)
    }
    if not any(step_tag(processor) in ours for processor in body.get("processors", [])):
        return None
    renewed = {
        key: [_renewed(processor, ours) for processor in body[key]]
        for key in ("processors", "on_failure")
        if key in body
    }
    if "on_failure" in renewed and not any(_sets(one, "lmtx_error") for one in body["on_failure"]):
        # The script writes the reason. Form 2 had a separate step for it.
        rest = [one for one in renewed["on_failure"] if not _sets(one, "tagging.error")]
        renewed["on_failure"] = [made["on_failure"][0], *rest]
    return {**body, **renewed, "version": SCHEMA}


def _sets(processor: Mapping[str, Any], field: str) -> bool:
    return bool(processor.get("set", {}).get("field") == field)


def _renewed(
    processor: Mapping[str, Any], ours: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return a step with this release's script and the script's new parameters."""
    if (new := ours.get(step_tag(processor))) is None:
        return processor
    there = processor["script"]
    params = {**new["params"], **there.get("params", {})}
    if "names" in params:  # this release may write more fields
        params["names"] = TagFields(**params["names"]).as_dict()
    return {**processor, "script": {**there, "source": new["source"], "params": params}}
