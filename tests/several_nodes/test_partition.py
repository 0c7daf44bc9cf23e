"""A node of three is cut off in mid-bulk and joined again: no document is lost or double."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.settings import Settings, load_settings
from tests.conftest import Run
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.several_nodes.test_kills import assert_tagged
from tests.support.live_tagger import bootstrap, deployed
from tests.support.partition import Network, partitionable_nodes
from tests.support.several_nodes import NODES, SeveralNodes
from tests.support.tagger_service import running

pytestmark = pytest.mark.several_nodes


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[SeveralNodes, Network]]:
    with partitionable_nodes() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(nodes: tuple[SeveralNodes, Network]) -> SeveralNodes:
    return nodes[0]


@pytest.fixture
def network(nodes: tuple[SeveralNodes, Network]) -> Iterator[Network]:
    yield nodes[1]
    nodes[1].join()


def size_of(url: str) -> int:
    """Return how many nodes the cluster has, as the node at ``url`` sees it."""
    client = connect(load_settings(flags={"opensearch.url": url}).opensearch, reading=True)
    return int(client.cluster.health(params={"local": "true"})["number_of_nodes"])


@pytest.mark.parametrize("way_in", ["through the majority", "through the node that is cut off"])
def test_every_document_is_there_once_and_is_tagged(
    cluster: SeveralNodes,
    network: Network,
    client: Any,
    settings: Settings,
    lmtx: Run,
    commands: Commands,
    tmp_path: Path,
    way_in: str,
) -> None:
    rows = toolbox.documents(1500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    first = toolbox.write(tmp_path / "first.jsonl", toolbox.documents(1))
    bootstrap(client, settings, lmtx)
    with running(commands.environment):
        version = deployed(client, settings).version
        commands.must("ingest", first, "--index", "articles")
        cluster.wait_for_green()
        away = cluster.holder("articles")
        majority = next(name for name in NODES[:2] if name != away)
        reached = majority if way_in == "through the majority" else away
        cut = threading.Event()

        def cut_off() -> None:
            network.cut_off(away)
            cut.set()

        words = ("ingest", file, "--index", "articles")
        rule = proxy.nth(r"POST /articles/_bulk", 2, proxy.before(cut_off))
        with proxy.spoiled(cluster.url(reached), rule) as spoiled:
            process = commands.start(*words, LMTX_OPENSEARCH_URLS=spoiled)
            toolbox.wait(cut.is_set)
            toolbox.wait(lambda: size_of(cluster.url(majority)) == 2, seconds=240)
            network.join()
            done = commands.end(process)
        if done.returncode:
            commands.insist(*words)
        cluster.wait_for_green()
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)
        statuses = {hit["_source"]["tagging"]["status"] for hit in scan(client, "articles")}
        assert statuses <= {"tagged", "pending"}

        commands.insist("retag", "--index", "articles", "--pending")
        assert_tagged(client, settings, version, rows)
    client.indices.refresh(index="articles")
    for name in NODES[:2]:
        only = {"preference": f"_only_nodes:{cluster.node_name(name)}"}
        assert client.count(index="articles", params=only)["count"] == len(rows)
