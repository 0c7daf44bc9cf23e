"""Tags of retired labels stay, also where the command or an answer is lost between two writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.documents.scan import scan
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import scores_of
from tests.conftest import Run
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults

WORDS = ("retag", "--index", "articles", "--keep-retired", "--everything", "--json")


@pytest.fixture
def retired(
    client: Any, settings: Settings, lmtx: Run, commands: Commands, tmp_path: Path
) -> Iterator[Any]:
    """A cluster whose tagged documents have the tag of a label that is retired since."""
    bootstrap(client, settings, lmtx)
    file = toolbox.write(tmp_path / "docs.jsonl", toolbox.documents(600))
    with running(commands.environment):
        deployed(client, settings)
        commands.must("ingest", file, "--index", "articles")
        commands.must("labels", "retire", "game::chess", "--yes")
        yield client


def scores(client: Any) -> dict[str, float]:
    """Return the score that each document has of the retired label."""
    return {
        hit["_id"]: scores_of(hit["_source"]["tag_scores"])["Chess"]
        for hit in scan(client, "articles")
        if "Chess" in hit["_source"]["tags"]
    }


@pytest.fixture
def killed(retired: Any, settings: Settings, commands: Commands) -> dict[str, float]:
    """The scores before a retag that was killed before it put tags back."""
    before = scores(retired)
    assert len(before) >= 150
    started: list[Any] = []

    def fault(exchange: proxy.Exchange) -> None:
        if exchange.body.startswith(b'{"update"'):
            started[0].kill()
        else:
            proxy.pass_on(exchange)

    def rule(what: str) -> proxy.Fault | None:
        return fault if what.startswith("POST /articles/_bulk") else None

    with proxy.spoiled(settings.opensearch.url, rule) as url:
        started.append(commands.start(*WORDS, LMTX_OPENSEARCH_URL=url))
        started[0].communicate()
    assert started[0].returncode == -9
    assert len(scores(retired)) < len(before)
    return before


def test_killed_before_they_are_put_back(
    retired: Any, killed: dict[str, float], commands: Commands
) -> None:
    commands.must(*WORDS)
    assert scores(retired) == killed
    assert toolbox.found(retired, "articles") == toolbox.hashes(toolbox.documents(600))


def test_killed_and_then_the_labels_change(
    retired: Any, killed: dict[str, float], commands: Commands
) -> None:
    commands.must("labels", "retire", "web", "--yes")
    commands.must("retag", "--index", "articles", "--pending")
    assert scores(retired) == killed


def test_written_and_the_answer_lost(retired: Any, settings: Settings, commands: Commands) -> None:
    before = scores(retired)
    rule = proxy.nth("POST /articles/_bulk", 1, proxy.cut)
    with proxy.spoiled(settings.opensearch.url, rule) as url:
        done = json.loads(commands.must(*WORDS, LMTX_OPENSEARCH_URL=url).stdout)
    report = done["indices"]["articles"]
    assert (report["tagged"], report["overtaken"]) == (600, 0)
    assert scores(retired) == before
