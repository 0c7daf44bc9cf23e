"""The tagger service is killed in the middle of a bulk load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run
from tests.faults import proxy, toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults


def test_every_document_goes_in_and_the_rest_is_tagged_later(
    client: Any, settings: Settings, lmtx: Run, commands: Commands, tmp_path: Path
) -> None:
    rows = toolbox.documents(1500)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    bootstrap(client, settings, lmtx)
    words = ("ingest", file, "--index", "articles", "--threads", "1", "--json")
    with running(commands.environment) as service:
        version = deployed(client, settings).version
        rule = proxy.nth(r"POST /articles/_bulk", 3, proxy.before(service.kill))
        with proxy.spoiled(settings.opensearch.url, rule) as url:
            done = commands.must(*words, LMTX_OPENSEARCH_URL=url)
    counts = json.loads(done.stdout)["tagging"]
    assert counts["tagged"] >= 512
    assert counts["pending"] > 0
    assert counts["tagged"] + counts["pending"] == len(rows)
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)

    with running(commands.environment):
        commands.insist("retag", "--index", "articles", "--pending")
    tagger = Tagger(TaggerVersions(settings.data_dir).get(version))
    expected = tagger.tag([row["text"] for row in rows])
    assert toolbox.tags(client, "articles") == {
        row["id"]: [tag.name for tag in tags] for row, tags in zip(rows, expected, strict=True)
    }
    assert toolbox.found(client, "articles") == toolbox.hashes(rows)
