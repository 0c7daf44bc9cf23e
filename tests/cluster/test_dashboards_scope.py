"""The documents that the dashboards show if no index is named."""

from __future__ import annotations

from typing import Any

import pytest
from opensearchpy import AuthorizationException

from lmtx_search.cluster.dashboards.scope import tagging_indices
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.settings import Settings

pytestmark = pytest.mark.integration

BODY = {"mappings": {"properties": {"title": {"type": "text"}}}}


def test_attached_names_stand_for_their_indices(client: Any, settings: Settings) -> None:
    """A data stream, an alias and a pattern have later indices; an index has none."""
    apply(client, plan(client, settings))
    stream = {"index_patterns": ["logs"], "data_stream": {}, "template": BODY}
    client.indices.put_index_template(name="logs", body=stream)
    client.indices.create_data_stream(name="logs")
    news = {**BODY, "aliases": {"news": {"is_write_index": True}}}
    some = {**BODY, "aliases": {"part": {"filter": {"match_all": {}}}}}
    for index, body in {"news-000001": news, "app-1": BODY, "alone": BODY, "whole": some}.items():
        client.indices.create(index=index, body=body)
    for name in ("logs", "news", "app-*", "alone", "part"):
        attach(client, plan_attach(client, name, ["title"]))
    assert tagging_indices(client) == ["app-*", "logs", "news", "alone", "whole"]
    # An alias with an index that does not tag would show its documents too.
    client.indices.create(index="old", body={**BODY, "aliases": {"news": {}}})
    assert tagging_indices(client) == ["app-*", "logs", "alone", "news-000001", "whole"]


def test_without_the_right_to_read_pipelines_each_index_stands_for_itself(
    client: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(client, plan(client, settings))
    news = {**BODY, "aliases": {"news": {"is_write_index": True}}}
    client.indices.create(index="news-000001", body=news)
    attach(client, plan_attach(client, "news", ["title"]))
    own = {"index": {"default_pipeline": "own", "final_pipeline": "own"}}
    client.ingest.put_pipeline(id="own", body={"processors": []})
    client.indices.create(index="other", body={"settings": own})

    def refuse(**_: Any) -> None:
        raise AuthorizationException(403, "security_exception", {})

    monkeypatch.setattr(client.ingest, "get_pipeline", refuse)
    assert tagging_indices(client) == ["news-000001"]
