"""Detaches indices from the tagging pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.ml.pipeline import PipelineState, read_pipeline, with_text_fields
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline, is_tagging, pipeline_step
from lmtx_search.cluster.setup.changes import MAIN_PIPELINE, Change
from lmtx_search.cluster.setup.later_indices import plan_undo
from lmtx_search.cluster.setup.own_fields import keeping_own
from lmtx_search.errors import UserError


def plan_detach(client: OpenSearch, index: str) -> list[Change]:
    """Return the changes to make; none if the index does not tag.

    Indices and index templates get back their earlier settings. An index's own default pipeline
    was never changed (see :func:`steps_after_detach`). Documents keep their tags. The mapping keeps
    its fields, because OpenSearch cannot remove a field. The pipeline is kept, because a clone or a
    snapshot may name it.

    Raises:
        UserError: the index does not exist, and no index of that name was attached.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")
    state = read_pipeline(client)
    given = index.split(",")
    undone = [change for name in given for change in plan_undo(client, name)]
    settings: dict[str, Any] = {}
    for name in given:
        try:
            settings |= client.indices.get_settings(index=name, params={"flat_settings": "true"})
        except NotFoundError:
            if not undone and name not in state.indices:
                raise UserError(f"no index {name}: check its name") from None
    if not settings and not undone and state.indices.keys().isdisjoint(given):
        raise UserError(f"no index {index}: check its name")
    # Templates first, so that an index that is created in the meantime does not tag either.
    changes = list(undone)
    for name in sorted(settings):
        values = settings[name]["settings"]
        for kind in ("default", "final"):
            if is_tagging(values.get(f"index.{kind}_pipeline")):
                body = {"index": {f"{kind}_pipeline": None}}
                reason = f"no longer tag what is indexed (no {kind} pipeline)"
                changes.append(Change("PUT", f"/{name}/_settings", body, reason))
    return [*changes, *_forget_fields(client, state, given, sorted(settings))]


def steps_after_detach(client: OpenSearch, index: str) -> Iterator[str]:
    """Yield what only the user can do: an index's own default pipeline may call ours.

    The argument is that of :func:`plan_detach`.
    """
    params = {"flat_settings": "true", "ignore_unavailable": "true"}
    settings = client.indices.get_settings(index=index, params=params)
    for name, answer in sorted(settings.items()):
        own = answer["settings"].get("index.default_pipeline", "_none")
        if own == "_none" or is_tagging(own):
            continue
        called = called_pipeline(client, own)
        if called is not None:
            yield (
                f"{name} still tags, because its default pipeline {own} calls {called}: remove the "
                f"step {pipeline_step(called)} from {own}"
            )


def _forget_fields(
    client: OpenSearch, state: PipelineState, given: Sequence[str], indices: Sequence[str]
) -> list[Change]:
    """Remove the text fields of the indices, and of their aliases, from the pipeline."""
    gone = {*given, *indices}
    if indices:
        for answer in client.indices.get_alias(index=",".join(indices)).values():
            gone |= answer["aliases"].keys()
    for name in sorted(gone - {*given, *indices}):
        # An alias is still needed if it also contains an index that stays attached.
        if not set(client.indices.get_alias(name=name)) <= set(indices):
            gone.discard(name)
    fields = {name: value for name, value in state.indices.items() if name not in gone}
    known = state.indices.keys() | {*state.keep}
    if known.isdisjoint(gone):
        return []
    if not gone.isdisjoint(state.keep):
        state = keeping_own(state, but=gone)
    reason = f"forget the text fields of {', '.join(sorted(gone & known))}"
    return [Change("PUT", MAIN_PIPELINE, with_text_fields(state, fields), reason)]
