"""A node of three is killed in the middle of a command that changes the tagger or the documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.several_nodes.victims import ADDRESSED, VICTIMS, other_node
from tests.support.live_tagger import deployed, ml_parts
from tests.support.several_nodes import SeveralNodes
from tests.support.tagger_service import running

pytestmark = pytest.mark.several_nodes


def killed_at(
    cluster: SeveralNodes,
    commands: Commands,
    victim: str,
    index: str,
    request: str,
    *words: str | Path,
) -> None:
    """Kill a node at a request of a command, which is then given until it succeeds.

    The node comes back only afterwards. The command's requests go to another node, or to the
    victim first and then to another node.

    Args:
        victim: one of ``VICTIMS``.
        index: the index that the command writes.
    """
    name = VICTIMS[victim](cluster, index)
    other = other_node(name)
    killed: list[str] = []

    def kill() -> None:
        cluster.kill(name)
        killed.append(name)

    rule = proxy.nth(request, 1, proxy.before(kill))
    addressed = name if victim == ADDRESSED else other
    with proxy.spoiled(cluster.url(addressed), rule) as spoiled:
        urls = f"{spoiled},{cluster.url(other)}" if victim == ADDRESSED else spoiled
        done = commands.run(*words, LMTX_OPENSEARCH_URLS=urls)
    assert killed, done.stderr
    if done.returncode:
        commands.insist(*words)


@pytest.fixture
def tagged(
    cluster: SeveralNodes, client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> Iterator[list[dict[str, Any]]]:
    """A cluster with a tagger in use, and documents that were indexed before it."""
    rows = toolbox.documents(600)
    commands.must("bootstrap-index")
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows())
    commands.must("labels", "load", labels)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("ingest", file, "--index", "articles")
    with running(commands.environment):
        deployed(client, settings)
        cluster.wait_for_green()
        yield rows


def assert_all_tagged(client: Any, rows: list[dict[str, Any]]) -> None:
    """Check that each document is there once, with the tag of its text."""
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)
    tags = toolbox.tags(client, "articles")
    assert None not in tags.values()
    assert [(tags[row["id"]] or [None])[0] for row in rows[::4]] == ["Chess"] * (len(rows) // 4)


@pytest.mark.parametrize("victim", VICTIMS)
def test_in_mid_retag_no_document_is_lost_or_left_untagged(
    cluster: SeveralNodes,
    client: Any,
    commands: Commands,
    tagged: list[dict[str, Any]],
    victim: str,
) -> None:
    words = ("retag", "--index", "articles")
    killed_at(cluster, commands, victim, "articles", "POST /articles/_bulk", *words)
    commands.insist("retag", "--index", "articles", "--pending")
    assert_all_tagged(client, tagged)


@pytest.mark.parametrize("victim", VICTIMS)
def test_in_mid_deploy_the_next_one_leaves_nothing_half_done(
    cluster: SeveralNodes,
    client: Any,
    settings: Settings,
    commands: Commands,
    tagged: list[dict[str, Any]],
    victim: str,
) -> None:
    first = read_pipeline(client).tagger
    words = ("deploy", "--untrained", "--threshold", "0.3")
    killed_at(cluster, commands, victim, "lmtx-labels", r"POST .*/_deploy", *words)
    versions = TaggerVersions(settings.data_dir)
    assert versions.names() == versions.finished()
    assert versions.names()[0] == first
    assert versions.names()[-1] == read_pipeline(client).tagger != first
    assert len(ml_parts(client)["models"]) == len(versions.names())
    commands.insist("retag", "--index", "articles", "--everything")
    commands.insist("retag", "--index", "articles", "--pending")
    assert_all_tagged(client, tagged)


@pytest.mark.parametrize("victim", VICTIMS)
def test_in_mid_labels_load_every_label_is_there_once(
    cluster: SeveralNodes, client: Any, commands: Commands, tmp_path: Path, victim: str
) -> None:
    rows = toolbox.label_rows(300)
    few = toolbox.write(tmp_path / "few.jsonl", rows[:5])
    file = toolbox.write(tmp_path / "labels.jsonl", rows)
    commands.must("bootstrap-index")
    commands.must("labels", "load", few)
    cluster.wait_for_green()
    words = ("labels", "load", file)
    killed_at(cluster, commands, victim, "lmtx-labels", r"POST /[\w-]+/_bulk", *words)
    assert set(client.indices.get(index="lmtx-labels-*")) == {"lmtx-labels-000001"}
    labels = {label.id: label for label in LabelIndex(client).labels()}
    assert sorted(labels) == sorted(row["id"] for row in rows)
    assert toolbox.labels(client) == {id_: label.digest for id_, label in labels.items()}
