"""Checks that attached names still tag, with later indices and replaced templates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.ml.pipeline import PipelineState
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline, copy_name
from lmtx_search.cluster.setup.exact_names import longest_name
from lmtx_search.cluster.setup.indices import tags
from lmtx_search.cluster.setup.later_indices import plan_later
from lmtx_search.cluster.setup.named_indices import look_up
from lmtx_search.errors import UserError


def untagging(client: OpenSearch, state: PipelineState) -> dict[str, list[str]] | None:
    """Return attached name → its indices that do not tag.

    A name without such indices is left out. The result is None if the user may not read the
    settings of one of the indices, or the pipeline that it names.
    """
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    called = cache(partial(called_pipeline, client))
    # Aliases and patterns first, so that an index is listed once.
    for name in sorted(state.indices, key=lambda name: ("*" not in name, name)):
        params = {"flat_settings": "true"}
        try:
            answer = client.indices.get_settings(index=name, params=params)
            silent = [
                index
                for index, one in sorted(answer.items())
                if index not in seen and not tags(one["settings"], called)
            ]
        except NotFoundError:
            continue
        except AuthorizationException:
            return None
        seen.update(silent)
        if silent:
            found[name] = silent
    return found


def open_changes(client: OpenSearch, state: PipelineState) -> Iterator[tuple[str, str]]:
    """Yield attached names whose later indices will not tag, each with a remedy or a reason.

    This happens, for instance, if the index template was replaced by one without the pipeline.
    """
    longest = cache(partial(longest_name, client))
    for name, fields in sorted(state.indices.items()):
        try:
            pipeline = copy_name(fields, state.keeps(name))
            changes = plan_later(client, look_up(client, name), pipeline, longest)
        except (UserError, NotFoundError) as error:
            if client.indices.exists(index=name):
                yield name, str(error)
            continue
        for change in changes:
            if "template/" in change.path:
                yield name, change.reason
