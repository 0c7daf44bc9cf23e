"""A node of three is killed in mid-bulk: no document is lost, double, or untagged for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.several_nodes.victims import ADDRESSED, VICTIMS, other_node
from tests.support.live_tagger import bootstrap, deployed
from tests.support.several_nodes import NODES, SeveralNodes
from tests.support.tagger_service import running

pytestmark = pytest.mark.several_nodes


def ingest_until_done(
    kill: Callable[[], None], url: str, commands: Commands, *words: str | Path
) -> None:
    """Kill something at the third bulk request of a command, which then runs until it succeeds.

    The command sends its requests to the node at ``url``.
    """
    rule = proxy.nth(r"POST /articles/_bulk", 3, proxy.before(kill))
    with proxy.spoiled(url, rule) as spoiled:
        done = commands.run(*words, LMTX_OPENSEARCH_URLS=spoiled)
    if done.returncode:
        commands.insist(*words)


# The node that the client talks to: see the next test.
@pytest.mark.parametrize("victim", [name for name in VICTIMS if name != ADDRESSED])
def test_every_document_is_there_once_and_is_tagged(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    lmtx: Run,
    commands: Commands,
    tmp_path: Path,
    victim: str,
) -> None:
    rows = toolbox.documents(1500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    first = toolbox.write(tmp_path / "first.jsonl", toolbox.documents(1))
    bootstrap(client, settings, lmtx)
    with running(commands.environment):
        version = deployed(client, settings).version
        commands.must("ingest", first, "--index", "articles")
        cluster.wait_for_green()
        killed = VICTIMS[victim](cluster, "articles")
        reached = cluster.url(other_node(killed))
        words = ("ingest", file, "--index", "articles", "--json")
        ingest_until_done(lambda: cluster.kill(killed), reached, commands, *words)
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)

        commands.insist("retag", "--index", "articles", "--pending")
        assert_tagged(client, settings, version, rows)
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)


def test_a_load_goes_on_with_another_node_when_its_own_is_killed(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    lmtx: Run,
    commands: Commands,
    tmp_path: Path,
) -> None:
    rows = toolbox.documents(1500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    bootstrap(client, settings, lmtx)
    with running(commands.environment):
        version = deployed(client, settings).version
        # All requests go to these two nodes, until one of them is gone.
        first, second = NODES[:2]
        rule = proxy.nth(r"POST /articles/_bulk", 2, proxy.before(lambda: cluster.kill(first)))
        with proxy.spoiled(cluster.url(first), rule) as spoiled:
            addresses = f"{spoiled},{cluster.url(second)}"
            words = ("ingest", file, "--index", "articles", "--json")
            done = commands.run(*words, LMTX_OPENSEARCH_URLS=addresses)
            assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["indexed"] == len(rows)
        assert toolbox.found(client, "articles") == toolbox.hashes(rows)
        commands.insist("retag", "--index", "articles", "--pending")
        assert_tagged(client, settings, version, rows)


def assert_tagged(
    client: Any, settings: Settings, version: str, rows: list[dict[str, Any]]
) -> None:
    """Check that each document has the tags that its text gets."""
    tagger = Tagger(TaggerVersions(settings.data_dir).get(version))
    expected = tagger.tag([row["text"] for row in rows])
    assert toolbox.tags(client, "articles") == {
        row["id"]: [tag.name for tag in tags] for row, tags in zip(rows, expected, strict=True)
    }
