"""Three nodes: one is away for a while, a disk is full, a shard moves while documents arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import TransportError

from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.several_nodes import NODES, SeveralNodes
from tests.support.tagger_service import running

pytestmark = pytest.mark.several_nodes

BULK = "POST /articles/_bulk"
DATA_NODES = NODES[:2]
WATERMARKS = [f"cluster.routing.allocation.disk.watermark.{name}" for name in ("low", "high")]
FLOOD = "cluster.routing.allocation.disk.watermark.flood_stage"


@pytest.fixture
def tagger(
    cluster: SeveralNodes, client: Any, settings: Settings, lmtx: Run, commands: Commands
) -> Iterator[None]:
    """A tagger in use, and an index with one document."""
    bootstrap(client, settings, lmtx)
    with running(commands.environment):
        deployed(client, settings)
        first = toolbox.write(commands.folder / "first.jsonl", toolbox.documents(1))
        commands.must("ingest", first, "--index", "articles")
        cluster.wait_for_green()
        yield


def assert_all_tagged(client: Any, commands: Commands, rows: list[dict[str, Any]]) -> None:
    """Check that each document is there once, and is tagged after `retag --pending`."""
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)
    commands.insist("retag", "--index", "articles", "--pending")
    assert None not in toolbox.tags(client, "articles").values()
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)


def creates_indices(client: Any) -> bool:
    """Tell whether the cluster creates an index."""
    with suppress(TransportError):
        client.indices.create(index="articles-trial")
        client.indices.delete(index="articles-trial")
        return True
    return False


def test_a_data_node_that_comes_back_gets_what_it_missed(
    cluster: SeveralNodes, client: Any, commands: Commands, tmp_path: Path, tagger: None
) -> None:
    rows = toolbox.documents(500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    away = cluster.holder("articles")
    cluster.kill(away)
    commands.insist("ingest", file, "--index", "articles")
    assert_all_tagged(client, commands, rows)
    cluster.start()
    cluster.wait_for_green()
    client.indices.refresh(index="articles")
    tagged = {"query": {"term": {"tagging.status": "tagged"}}}
    only = {"preference": f"_only_nodes:{cluster.node_name(away)}"}
    assert client.count(index="articles", body=tagged, params=only)["count"] == len(rows)


def test_ingest_waits_until_a_full_disk_has_space_again(
    cluster: SeveralNodes, client: Any, commands: Commands, tmp_path: Path, tagger: None
) -> None:
    rows = toolbox.documents(500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    # More free space than any disk has: the nodes take their disks for full.
    full = dict.fromkeys([*WATERMARKS, FLOOD], "900tb")
    client.cluster.put_settings(
        body={"persistent": {**full, "cluster.info.update.interval": "10s"}}
    )

    def blocked() -> bool:
        found = client.indices.get_settings(index="articles", params={"flat_settings": "true"})
        settings = next(iter(found.values()))["settings"]
        return settings.get("index.blocks.read_only_allow_delete") == "true"

    def freed() -> None:
        client.cluster.put_settings(body={"persistent": dict.fromkeys(full)})

    try:
        toolbox.wait(blocked)
        rule = proxy.nth(BULK, 1, proxy.before(freed))
        with proxy.spoiled(cluster.url(NODES[0]), rule) as spoiled:
            words = ("ingest", file, "--index", "articles")
            done = commands.run(*words, LMTX_OPENSEARCH_URLS=spoiled)
        assert done.returncode == 0, done.stderr
    finally:
        freed()
        # While all disks are full, the cluster also refuses to create indices.
        toolbox.wait(lambda: not blocked() and creates_indices(client))
        client.cluster.put_settings(body={"persistent": {"cluster.info.update.interval": None}})
    assert_all_tagged(client, commands, rows)


def test_a_shard_moves_to_another_node_while_documents_arrive(
    cluster: SeveralNodes, client: Any, commands: Commands, tmp_path: Path, tagger: None
) -> None:
    rows = toolbox.documents(1000)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    # Without a replica, there is a node to which the shard can move.
    alone = {"index.auto_expand_replicas": False, "index.number_of_replicas": 0}
    client.indices.put_settings(index="articles", body=alone)
    cluster.wait_for_green()
    source = cluster.holder("articles")
    target = next(name for name in DATA_NODES if name != source)

    def move() -> None:
        step = {
            "index": "articles",
            "shard": 0,
            "from_node": cluster.node_name(source),
            "to_node": cluster.node_name(target),
        }
        client.cluster.reroute(body={"commands": [{"move": step}]})

    rule = proxy.nth(BULK, 2, proxy.before(move))
    with proxy.spoiled(cluster.url(source), rule) as spoiled:
        words = ("ingest", file, "--index", "articles")
        done = commands.run(*words, LMTX_OPENSEARCH_URLS=spoiled)
    assert done.returncode == 0, done.stderr
    cluster.wait_for_green()
    toolbox.wait(lambda: cluster.holder("articles") == target)
    assert_all_tagged(client, commands, rows)
