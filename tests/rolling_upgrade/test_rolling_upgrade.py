"""Three nodes are upgraded from 2.19 to 3.6 one by one, while documents are written and tagged."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import TransportError

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.settings import Settings
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.several_nodes import (
    NODES,
    SeveralNodes,
    environment_for,
    settings_for,
    several_nodes,
)
from tests.support.tagger_service import LABELS, running

ALLOCATION = "cluster.routing.allocation.enable"
# Version 3 does not know this setting any more.
REMOVED = "knn.plugin.enabled"


class Writer:
    """Writes documents all the time, and remembers those that the cluster confirmed."""

    def __init__(self, settings: Settings) -> None:
        self._client = connect(settings.opensearch)
        self._ended = threading.Event()
        self._number = 0
        self.rows: list[dict[str, Any]] = []

    def run(self) -> None:
        while not self._ended.wait(0.3):
            rows = [self._row() for _ in range(4)]
            lines = [part for row in rows for part in ({"index": {"_id": row["id"]}}, row)]
            try:
                items = self._client.bulk(body=lines, index="articles")["items"]
            except TransportError:
                continue
            self.rows += [
                row
                for row, item in zip(rows, items, strict=True)
                if item["index"]["status"] in (200, 201)
            ]

    def end(self) -> None:
        self._ended.set()

    def _row(self) -> dict[str, Any]:
        self._number += 1
        text = toolbox.WORDS[self._number % len(toolbox.WORDS)]
        return {"id": f"w{self._number:05}", "text": f"{text} {self._number}"}


@contextmanager
def writing(settings: Settings) -> Iterator[Writer]:
    writer = Writer(settings)
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        yield writer
    finally:
        writer.end()
        thread.join()


@pytest.fixture
def cluster() -> Iterator[SeveralNodes]:
    with several_nodes("2.19") as found:
        yield found


@pytest.fixture
def settings(cluster: SeveralNodes, tmp_path: Path) -> Settings:
    return settings_for(cluster, tmp_path / "data")


@pytest.fixture
def commands(settings: Settings, tmp_path: Path) -> Commands:
    return Commands(environment_for(settings), tmp_path)


def doctor(commands: Commands) -> dict[str, Any]:
    found = json.loads(commands.run("doctor", "--json").stdout)["checks"]
    return {f"{one['group']} {one['name']}": one for one in found}


def upgrade(cluster: SeveralNodes, client: Any, name: str) -> None:
    """Replace a node as docs/operators.md says."""
    client.cluster.put_settings(body={"persistent": {ALLOCATION: "primaries"}})
    client.indices.flush()
    cluster.stop(name)
    cluster.start()
    client.cluster.put_settings(body={"persistent": {ALLOCATION: None}})

    def settled() -> bool:
        health = client.cluster.health()
        moving = health["relocating_shards"] + health["initializing_shards"]
        return health["status"] != "red" and not moving

    toolbox.wait(settled)


@pytest.mark.several_nodes
@pytest.mark.timeout(1800)
def test_nothing_is_lost_and_doctor_says_what_is_left_to_do(
    cluster: SeveralNodes, settings: Settings, commands: Commands, tmp_path: Path
) -> None:
    client = connect(settings.opensearch)
    commands.must("bootstrap-index")
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows())
    commands.must("labels", "load", labels)
    client.index(index="lmtx-judgments", id="kept", body={"p_yes": 0.9}, params={"refresh": "true"})
    client.cluster.put_settings(body={"persistent": {REMOVED: True}})
    first = toolbox.write(tmp_path / "first.jsonl", toolbox.documents(4))
    with running(commands.environment):
        # The first connector of the cluster: a node that has no key for credentials yet.
        commands.must("deploy", "--untrained", "--threshold", "0.3")
        tagger = read_pipeline(client).tagger
        commands.must("ingest", first, "--index", "articles")
        with writing(settings) as writer:
            manager = cluster.manager()
            for number, name in enumerate(sorted(NODES, key=lambda one: one == manager), 1):
                upgrade(cluster, client, name)
                if number == 1:
                    found = doctor(commands)
                    version = found["Cluster version"]
                    assert version["status"] == "warn"
                    assert "2.19.1 (2 nodes) and 3.6.0 (1 nodes)" in version["found"]
                    assert found["Cluster health"]["status"] == "ok"
        assert len(writer.rows) > 100

        found = doctor(commands)
        assert found["Cluster version"]["status"] == "ok"
        assert f"archived.{REMOVED}" in found["Cluster settings"]["found"]
        assert found["Cluster settings"]["todo"].startswith("PUT _cluster/settings")
        # With an address that the cluster does not trust yet, settings have to be changed.
        elsewhere = {"LMTX_SERVICE_URL": "http://10.0.0.1:8787"}
        commands.must("bootstrap-index", "--apply-cluster-settings", **elsewhere)
        assert doctor(commands)["Cluster settings"]["status"] == "ok"

        rows = [*toolbox.documents(4), *writer.rows]
        commands.insist("retag", "--index", "articles", "--pending")
        client.indices.refresh(index="articles")
        there = toolbox.found(client, "articles")
        assert {id_: there.get(id_) for id_ in toolbox.hashes(rows)} == toolbox.hashes(rows)
        assert None not in toolbox.tags(client, "articles").values()
    assert read_pipeline(client).tagger == tagger
    assert {label.id for label in LabelIndex(client).labels()} == {label.id for label in LABELS}
    assert client.get(index="lmtx-judgments", id="kept")["_source"] == {"p_yes": 0.9}
