"""Decides about people's own values in the tag fields of documents that are tagged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.ml.index_pipeline import index_copy, keeps_own_tags
from lmtx_search.cluster.ml.pipeline import put_pipeline, read_pipeline
from lmtx_search.cluster.ml.pipeline_copies import fields_of
from lmtx_search.cluster.retag.selection import Target, targets
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.own_fields import (
    keeping_own,
    own_fields,
    require_decided,
    require_manual,
)

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def decide_own_tags(
    client: Client, index: str, found: Sequence[Target], query: Mapping[str, Any], keep: bool
) -> Sequence[Target]:
    """Let the pipelines move values that lmtx-search did not write, or refuse.

    Returns the targets with the pipelines that tag them now.

    Args:
        index: the name that was given: an index, an alias, a data stream or a pattern.
        found: the indices that the name stands for.
        query: selects the documents that are tagged again.
        keep: move such values to the field of manual tags.

    Raises:
        UserError: there are such values, and the user has not decided what to do with them.
    """
    state = read_pipeline(client)
    undecided = []
    for target in found:
        if keeps_own_tags(client, state, target.index):
            continue
        own = own_fields(client, target.index, state.names, query)
        require_decided(own, state.names, keep)
        if own:
            require_manual(client, target.index, state.names)
            undecided.append(target.index)
    if not undecided:
        return found
    # A decision for an attached name applies to its later indices too.
    names = [index] if index in state.indices else undecided
    with exclusive(client, "retag --keep-own-tags"):
        for name in names:
            copy = index_copy(client, name)
            if copy is None:
                put_pipeline(client, keeping_own(read_pipeline(client), undecided).body)
            else:
                attach(client, plan_attach(client, name, fields_of(copy), keep_own_tags=True))
    return [now for target in found for now in targets(client, target.index)]
