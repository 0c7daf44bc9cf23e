"""The pipeline that tags an index: the fields it reads, and what it does with people's own tags."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.ml.pipeline import PipelineState, read_pipeline
from lmtx_search.cluster.ml.pipeline_copies import (
    called_pipeline,
    copy_of,
    fields_of,
    is_tagging,
    keeps_all,
    read_copies,
)
from lmtx_search.errors import UserError


def reads_of(client: OpenSearch, index: str) -> list[str] | None:
    """Return the fields of an index that the tagger reads; None if they cannot be determined.

    ``index`` may be an alias or a data stream; its newest index counts.
    """
    with suppress(UserError, AuthorizationException, NotFoundError):
        state = read_pipeline(client)
        return index_text_fields(client, state, index) if state.tagger else None
    return None


def index_text_fields(client: OpenSearch, state: PipelineState, index: str) -> list[str]:
    """Return the fields of an index that are read: those of its pipeline, else of its name."""
    copy = index_copy(client, index)
    return fields_of(copy) if copy is not None else state.text_fields(index)


def keeps_own_tags(client: OpenSearch, state: PipelineState, index: str) -> bool:
    """Return whether people's own values in the tag fields of an index move to the manual tags."""
    copy = index_copy(client, index)
    return state.keeps(index) or (copy is not None and keeps_all(copy))


def index_pipeline(
    client: OpenSearch, state: PipelineState, index: str, keep: bool = False
) -> Mapping[str, Any]:
    """Return the body of the pipeline that tags an index.

    Args:
        keep: return the pipeline that moves people's own values to the manual tags.
    """
    fields = index_text_fields(client, state, index)
    if not fields:
        return state.body
    return copy_of(state.body, fields, keep or keeps_own_tags(client, state, index))


def index_copy(client: OpenSearch, index: str) -> Mapping[str, Any] | None:
    """Return the copy of the pipeline that tags an index; None if there is none.

    The index's settings name it, or its own default pipeline calls it.
    """
    params = {"flat_settings": "true"}
    settings = client.indices.get_settings(index=index, name="index.*_pipeline", params=params)
    copies = read_copies(client)
    for _, answer in sorted(settings.items(), reverse=True):
        settings_of = answer["settings"]
        for pipeline in settings_of.values():
            if pipeline in copies:
                return copies[pipeline]
        own = settings_of.get("index.default_pipeline", "_none")
        called = None if own == "_none" or is_tagging(own) else called_pipeline(client, own)
        if called in copies:
            return copies[called]
    return None
