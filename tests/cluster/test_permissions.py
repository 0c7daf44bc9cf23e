"""Trying the rights to write leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.health.permissions import lacking_to_write
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.settings import Settings


def everything(client: Any) -> dict[str, Any]:
    return {
        "indices": client.indices.get(index="*"),
        "documents": client.count(index="*")["count"],
        "templates": client.indices.get_index_template(),
        "components": client.cluster.get_component_template(),
        "pipelines": client.ingest.get_pipeline(params={"ignore": 404}),
    }


@pytest.mark.integration
def test_where_nothing_restricts_no_right_is_missing_and_nothing_is_changed(
    client: Any, settings: Settings
) -> None:
    before = everything(client)
    assert lacking_to_write(client, ["lmtx-runs"]) == []
    assert everything(client) == before
    apply(client, plan(client, settings))
    before = everything(client)
    assert lacking_to_write(client, ["lmtx-runs"]) == []
    assert everything(client) == before
