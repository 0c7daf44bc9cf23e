"""The line between the commands and the cluster is refused, slow, cut, or the cluster is busy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands


def job(tmp_path: Path) -> list[tuple[Any, ...]]:
    """Commands that read and write, the lock of the tagger among it."""
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows())
    file = toolbox.write(tmp_path / "docs.jsonl", toolbox.documents(600))
    return [
        ("bootstrap-index",),
        ("labels", "load", labels),
        ("ingest", file, "--index", "mine"),
    ]


def carried_out(
    client: Any, settings: Settings, commands: Commands, *rules: proxy.Rule
) -> list[str]:
    """Do the job over a bad line, each command until it succeeds; return what they said."""
    said: list[str] = []
    with proxy.spoiled(settings.opensearch.url, *rules) as url:
        commands.environment["LMTX_OPENSEARCH_URL"] = url
        for words in job(commands.folder):
            said += commands.insist(*words, times=25)
    assert toolbox.found(client, "mine") == toolbox.hashes(toolbox.documents(600))
    assert sorted(toolbox.labels(client)) == sorted(row["id"] for row in toolbox.label_rows())
    assert list(client.indices.get(index="lmtx-labels-*")) == ["lmtx-labels-000001"]
    return said


@pytest.mark.integration
def test_an_answer_that_is_cut_in_the_middle_is_not_lost(
    client: Any, settings: Settings, commands: Commands
) -> None:
    # What was made and not answered is there when it is to be made again: that is one line.
    for line in carried_out(client, settings, commands, proxy.first_of_each(proxy.cut)):
        assert "already exists" in line


@pytest.mark.faults
@pytest.mark.parametrize("status", [429, 503])
def test_a_storm_of_refusals_passes(
    client: Any, settings: Settings, commands: Commands, status: int
) -> None:
    rule = proxy.first_of_each(proxy.busy(status), times=2)
    assert carried_out(client, settings, commands, rule) == []


@pytest.mark.faults
def test_connections_that_are_refused_are_made_again(
    client: Any, settings: Settings, commands: Commands
) -> None:
    assert carried_out(client, settings, commands, proxy.first_of_each(proxy.refuse)) == []


@pytest.mark.faults
def test_one_byte_a_second_is_slow_and_no_fault(
    client: Any, settings: Settings, commands: Commands
) -> None:
    commands.environment["LMTX_OPENSEARCH_TIMEOUT"] = "2"
    slow = [
        proxy.nth(pattern, 1, proxy.one_byte_a_second)
        for pattern in ("PUT /_index_template", "PUT /lmtx-runs/_doc", "POST /mine/_bulk")
    ]
    assert carried_out(client, settings, commands, *slow) == []


@pytest.mark.faults
def test_an_answer_that_comes_too_late_is_no_fault(
    client: Any, settings: Settings, commands: Commands
) -> None:
    commands.environment["LMTX_OPENSEARCH_TIMEOUT"] = "2"
    rule = proxy.nth("POST /mine/_bulk", 2, proxy.after(lambda: toolbox.hold(4.0)))
    assert carried_out(client, settings, commands, rule) == []


@pytest.mark.faults
def test_no_answer_at_all_is_one_line_and_the_same_command_goes_on(
    client: Any, settings: Settings, commands: Commands
) -> None:
    commands.environment["LMTX_OPENSEARCH_TIMEOUT"] = "1"
    *before, words = job(commands.folder)
    for prepared in before:
        commands.must(*prepared)
    bulk = proxy.nth("POST /mine/_bulk", 1, proxy.pass_on)

    def silent(what: str) -> proxy.Fault | None:
        """Answer the first request; no later one."""
        return None if bulk(what) or "POST /mine/_bulk" not in what else proxy.silent

    with proxy.spoiled(settings.opensearch.url, silent) as url:
        done = commands.run(*words, LMTX_OPENSEARCH_URL=url)  # which sees that it is one line
    assert done.returncode == 1
    assert toolbox.found(client, "mine") != toolbox.hashes(toolbox.documents(600))
    commands.must(*words)
    assert toolbox.found(client, "mine") == toolbox.hashes(toolbox.documents(600))
