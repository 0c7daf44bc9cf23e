"""Undo an attach: an index of the user's no longer tags what is indexed."""

from __future__ import annotations

from opensearchpy import OpenSearch

from lmtx_search.cluster import names
from lmtx_search.cluster.attach import Change
from lmtx_search.cluster.pipeline import PipelineState, read_pipeline, with_text_fields
from lmtx_search.errors import UserError


def plan_detach(client: OpenSearch, index: str) -> list[Change]:
    """Return what has to be done; nothing where the index does not tag.

    The index gets back what it had: its own default pipeline was never touched. Tags that its
    documents have stay, and so do the fields of the mapping, which cannot be taken out of it.

    Raises:
        UserError: no such index, or its own pipeline calls the tagging pipeline.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")
    state = read_pipeline(client)
    settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    if not settings:
        raise UserError(f"no index {index}: check its name")
    changes = []
    for name in sorted(settings):
        values = settings[name]["settings"]
        for kind in ("default", "final"):
            if values.get(f"index.{kind}_pipeline") == names.PIPELINE:
                body = {"index": {f"{kind}_pipeline": None}}
                reason = f"no longer tag what is indexed (no {kind} pipeline)"
                changes.append(Change("PUT", f"/{name}/_settings", body, reason))
    return [*changes, *_forget_fields(client, state, index, sorted(settings))]


def _forget_fields(
    client: OpenSearch, state: PipelineState, alias: str, indices: list[str]
) -> list[Change]:
    """Take the text fields of the indices out of the pipeline, and of aliases that are theirs."""
    gone = set(indices)
    for answer in client.indices.get_alias(index=",".join(indices)).values():
        gone |= answer["aliases"].keys()
    if alias not in indices:
        gone.add(alias)
    for name in sorted(gone - set(indices)):
        # An alias that also stands for an index that stays attached is still needed.
        if not set(client.indices.get_alias(name=name)) <= set(indices):
            gone.discard(name)
    fields = {name: value for name, value in state.indices.items() if name not in gone}
    if fields == state.indices:
        return []
    reason = f"forget the text fields of {', '.join(sorted(gone & state.indices.keys()))}"
    path = f"/_ingest/pipeline/{names.PIPELINE}"
    return [Change("PUT", path, with_text_fields(state, fields), reason)]
