"""An index takes nothing any more, in the middle of a load."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands

pytestmark = pytest.mark.faults


def test_a_disk_that_is_full_for_a_while_is_waited_for(
    client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> None:
    """What OpenSearch does at its flood stage, and undoes when there is room again."""
    rows = toolbox.documents(2000)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("bootstrap-index")
    refused = threading.Event()

    def block(exchange: proxy.Exchange) -> None:
        set_block(client, "read_only_allow_delete", True)
        proxy.pass_on(exchange)
        refused.set()

    rule = proxy.nth("POST /mine/_bulk", 3, block)
    with proxy.spoiled(settings.opensearch.url, rule) as url:
        process = commands.start("ingest", file, "--index", "mine", LMTX_OPENSEARCH_URL=url)
        toolbox.wait(refused.is_set)
        assert process.poll() is None
        set_block(client, "read_only_allow_delete", None)
        done = commands.end(process)
    assert done.returncode == 0, done.stderr
    assert toolbox.found(client, "mine") == toolbox.hashes(rows)


@pytest.mark.parametrize("block", ["write", "read_only"])
def test_a_block_that_somebody_set_ends_the_load_and_the_same_command_goes_on(
    client: Any, settings: Settings, commands: Commands, tmp_path: Path, block: str
) -> None:
    rows = toolbox.documents(2000)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    words = ("ingest", file, "--index", "mine", "--threads", "1")
    commands.must("bootstrap-index")
    rule = proxy.nth("POST /mine/_bulk", 3, proxy.before(lambda: set_block(client, block, True)))
    with proxy.spoiled(settings.opensearch.url, rule) as url:
        done = commands.run(*words, LMTX_OPENSEARCH_URL=url)
    assert done.returncode == 1
    assert "blocked by" in done.stderr
    set_block(client, block, None)
    done = commands.must(*words)
    assert "Continued after the first" in done.stdout
    assert toolbox.found(client, "mine") == toolbox.hashes(rows)


def set_block(client: Any, block: str, value: bool | None) -> None:
    client.indices.put_settings(index="mine", body={f"index.blocks.{block}": value})
