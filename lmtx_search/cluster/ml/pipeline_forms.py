"""What a new pipeline takes over from the one before it.

Pipelines of earlier releases are updated, the steps that others added to a pipeline are kept, and
the tagger that was in use before is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.schema import SCHEMA
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    pipeline_state,
    step_tag,
    tagging_pipeline,
    untagged_pipeline,
    with_params,
)
from lmtx_search.tag_fields import TagFields

# Parameters that say something about a tagger. Of that of an earlier release, they are not known.
_OF_TAGGER = {"rules", "review_first"}


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


def with_added_steps(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new pipeline with the steps that others added to the one before it.

    Such a step keeps its place: first, behind the same step of lmtx-search, or last.
    """
    return {**body, **{key: _merged(body.get(key, []), before[key]) for key in added_steps(before)}}


def deployed_after(body: Mapping[str, Any], previous: str | None) -> dict[str, Any]:
    """Return a pipeline's body that records which tagger a deployment replaced (None: none)."""
    return with_params(body, {"lmtx-tags": {"previous": previous}} if previous else {})


def rolled_back(body: Mapping[str, Any], before: PipelineState) -> dict[str, Any]:
    """Return a pipeline's body that records from which tagger a rollback came.

    A rollback to the tagger that is in use repairs it. The way back then stays as it was.
    """
    way = {"rolled_back_from": before.tagger}
    if pipeline_state(body).tagger == before.tagger:
        way = {"previous": before.previous, "rolled_back_from": before.rolled_back_from}
    known = {name: tagger for name, tagger in way.items() if tagger is not None}
    return with_params(body, {"lmtx-tags": known})


def note_of_added_steps(before: Mapping[str, Any]) -> list[str]:
    """Return a sentence that names the steps that :func:`with_added_steps` keeps, if any."""
    kinds = [next(iter(step)) for steps in added_steps(before).values() for step in steps]
    told = f"Kept the steps that others added to the pipeline {names.PIPELINE}: "
    return [told + ", ".join(kinds)] if kinds else []


def added_steps(body: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the steps of a pipeline that others added, by the list that contains them."""
    lists = ("processors", "on_failure")
    found = {key: [one for one in body.get(key, []) if not _own_tag(one)] for key in lists}
    return {key: steps for key, steps in found.items() if steps}


def _merged(
    new: Sequence[Mapping[str, Any]], old: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    behind: dict[str, list[Mapping[str, Any]]] = {}
    last = ""
    for step in old:
        if tag := _own_tag(step):
            last = tag
        else:
            behind.setdefault(last, []).append(step)
    merged = behind.pop("", [])
    at_end = behind.pop(last, [])
    for step in new:
        merged += [step, *behind.pop(_own_tag(step), [])]
    return [*merged, *(step for steps in behind.values() for step in steps), *at_end]


def _own_tag(step: Mapping[str, Any]) -> str:
    """Return the tag of one of lmtx-search's own steps; "" for other steps."""
    if any(_sets(step, field) for field in ("lmtx_error", "tagging.error")):
        return "lmtx-error"
    tags = (str(settings.get("tag", "")) for settings in step.values())
    return next((tag for tag in tags if tag.startswith("lmtx-")), "")


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
    for name in _OF_TAGGER - there.get("params", {}).keys():
        params.pop(name, None)
    if "names" in params:  # this release may write more fields
        params["names"] = TagFields(**params["names"]).as_dict()
    return {**processor, "script": {**there, "source": new["source"], "params": params}}
