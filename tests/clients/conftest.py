"""A cluster that tags, and attached places that clients write to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.setup.attach import attach, plan_attach
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.detach import plan_detach
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tag_fields import DEFAULT_FIELDS
from tests.clients.documents import documents
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import deployed, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import wipe

TEXT_FIELDS = ("title", "text")
MAPPINGS = {
    "properties": {
        "@timestamp": {"type": "date"},
        "title": {"type": "text"},
        "text": {"type": "text"},
        "size": {"type": "integer"},
    }
}


@dataclass(frozen=True)
class Target:
    """An attached index, alias or data stream."""

    client: Any
    address: str
    name: str
    action: str
    """The action of ``_bulk`` that writes to it: ``index``, or ``create`` for a data stream."""

    def written(self) -> dict[str, dict[str, Any]]:
        """Return the documents by id, without what tagging wrote. No id comes twice."""
        hits = self._hits()
        found = {hit["_id"]: DEFAULT_FIELDS.without(hit["_source"]) for hit in hits}
        assert len(found) == len(hits)
        return found

    def tags(self) -> dict[str, list[str]]:
        """Return the tags of each document by id. All documents are tagged."""
        found = {}
        for hit in self._hits():
            assert hit["_source"]["tagging"]["status"] == "tagged", hit
            found[hit["_id"]] = hit["_source"]["tags"]
        return found

    def _hits(self) -> list[dict[str, Any]]:
        self.client.indices.refresh(index=self.name)
        return list(scan(self.client, self.name))


@pytest.fixture(scope="module")
def tagging_cluster(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Settings]]:
    settings = load_settings(flags=flags_of(servers, tmp_path_factory.mktemp("clients")))
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings), apply_settings=True)
    load_labels(client, settings, LABELS)
    with running(environment_of(settings)):
        deployed(client, settings)
        yield client, settings


@pytest.fixture(scope="module")
def expected_tags(tagging_cluster: tuple[Any, Settings]) -> dict[str, list[str]]:
    """The tags of the documents by id, where opensearch-py sent them in one `_bulk` request."""
    client, settings = tagging_cluster
    target = _index(client, settings, "expected")
    lines = [part for row in documents() for part in ({"index": {"_id": row["id"]}}, row)]
    assert not client.bulk(body=lines, index=target.name)["errors"]
    found = target.tags()
    assert {tuple(tags) for tags in found.values()} >= {("Chess",), ("Web browser",), ()}
    return found


@pytest.fixture(params=["index", "alias", "data stream"])
def target(request: pytest.FixtureRequest, tagging_cluster: tuple[Any, Settings]) -> Target:
    """Each kind of place, empty and attached."""
    client, settings = tagging_cluster
    for name in read_pipeline(client).indices:
        if name != "expected":
            attach(client, plan_detach(client, name))
    client.indices.delete_data_stream(name="written*")
    client.indices.delete(index="written*", params={"ignore_unavailable": "true"})
    makers = {"index": _index, "alias": _alias, "data stream": _data_stream}
    name = f"written-{request.param.replace(' ', '-')}"
    return makers[request.param](client, settings, name)


def _index(client: Any, settings: Settings, name: str) -> Target:
    client.indices.create(index=name, body={"mappings": MAPPINGS})
    return _attached(client, settings, name, "index")


def _alias(client: Any, settings: Settings, name: str) -> Target:
    body = {"mappings": MAPPINGS, "aliases": {name: {"is_write_index": True}}}
    client.indices.create(index=f"{name}-000001", body=body)
    return _attached(client, settings, name, "index")


def _data_stream(client: Any, settings: Settings, name: str) -> Target:
    body = {"index_patterns": [name], "data_stream": {}, "template": {"mappings": MAPPINGS}}
    client.indices.put_index_template(name=name, body=body)
    client.indices.create_data_stream(name=name)
    return _attached(client, settings, name, "create")


def _attached(client: Any, settings: Settings, name: str, action: str) -> Target:
    attach(client, plan_attach(client, name, TEXT_FIELDS))
    return Target(client, settings.opensearch.url, name, action)
