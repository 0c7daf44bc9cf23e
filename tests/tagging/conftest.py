"""A cluster with a tagger in use and an attached index, for tests of what is written to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.detach import plan_detach
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tag_fields import DEFAULT_FIELDS, scores_of
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import deployed, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import wipe

CHESS = {"title": "plays chess", "text": "a board game"}
WEB = {"title": "shows pages of the web", "text": "a browser"}
MAPPING = {"properties": {"title": {"type": "text"}, "text": {"type": "text"}}}


@dataclass
class Attached:
    """A cluster with a tagger in use and an attached index, and requests to it."""

    client: Any
    settings: Settings
    index: str = "articles"

    def bulk(self, *lines: dict[str, Any]) -> None:
        answer = self.client.bulk(body=list(lines), index=self.index, params={"refresh": "true"})
        assert not answer["errors"], answer

    def source(self, id_: str, index: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(index=index or self.index, id=id_)["_source"]
        return found

    def state(self, id_: str, index: str | None = None) -> str:
        """Return whether a document's tags belong to its text, having seen that they are whole."""
        index = index or self.index
        source = self.source(id_, index)
        tags, scores = source.get("tags") or [], scores_of(source.get("tag_scores"))
        assert list(scores) == tags, source
        tagging = source.get("tagging") or {}
        assert tags == [] or tagging["status"] == "tagged", source
        if tags:
            assert tagging["best_score"] == scores[tags[0]]
            assert tagging.get("error") is None
        self.client.indices.refresh(index=index)
        check = TextCheck(read_pipeline(self.client).text_fields(self.index), DEFAULT_FIELDS)
        body = {"query": {"ids": {"values": [id_]}}, "script_fields": check.script_fields()}
        (hit,) = self.client.search(index=index, body=body)["hits"]["hits"]
        return str(next(iter(hit["fields"].values()))[0])


@pytest.fixture(scope="module")
def tagging_cluster(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Settings]]:
    folder: Path = tmp_path_factory.mktemp("requests")
    settings = load_settings(flags=flags_of(servers, folder))
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings), apply_settings=True)
    load_labels(client, settings, LABELS)
    with running(environment_of(settings)):
        deployed(client, settings)
        yield client, settings


@pytest.fixture
def attached(tagging_cluster: tuple[Any, Settings]) -> Attached:
    client, settings = tagging_cluster
    for name in read_pipeline(client).indices:
        attach(client, plan_detach(client, name))
    client.indices.delete_data_stream(name="articles*")
    client.indices.delete(index="articles*", params={"ignore_unavailable": "true"})
    client.indices.create(index="articles", body={"mappings": MAPPING})
    attach(client, plan_attach(client, "articles", ["title", "text"]))
    found = Attached(client, settings)
    found.bulk({"index": {"_id": "there"}}, CHESS)
    assert (found.source("there")["tags"][0], found.state("there")) == ("Chess", "fits")
    return found
