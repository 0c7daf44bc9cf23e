"""Somebody else writes the same documents all the time while they are tagged again."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import ConflictError

from lmtx_search.cluster.client.connect import connect
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, deployed
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults


def test_what_the_second_writer_wrote_last_is_what_is_there(
    client: Any, settings: Settings, lmtx: Run, commands: Commands, tmp_path: Path
) -> None:
    rows = {row["id"]: row for row in toolbox.documents(900)}
    bootstrap(client, settings, lmtx)
    file = toolbox.write(tmp_path / "docs.jsonl", rows.values())
    commands.must("ingest", file, "--index", "articles")
    stop, conflicts = threading.Event(), []

    def write() -> None:
        chance, own = random.Random(3), connect(settings.opensearch)
        while not stop.is_set():
            id_ = chance.choice(sorted(rows))
            new = rows[id_]["n"] + 1000
            try:
                own.update(index="articles", id=id_, body={"doc": {"n": new}})
            except ConflictError:
                conflicts.append(id_)  # the other one was faster: it is this writer's to repeat
            else:
                rows[id_] = {**rows[id_], "n": new}

    words = ("retag", "--index", "articles", "--json")
    with running(commands.environment):
        deployed(client, settings)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            report = json.loads(commands.must(*words).stdout)["indices"]["articles"]
        finally:
            stop.set()
            writer.join()
        assert report["overtaken"] > 0
        # What the writer wrote before is tagged already: its updates go through the pipeline too.
        assert report["tagged"] + report["overtaken"] == report["documents"]
        assert toolbox.found(client, "articles") == toolbox.hashes(rows.values())
        # Those that were left are found by the same command.
        commands.must(*words)
    assert toolbox.found(client, "articles") == toolbox.hashes(rows.values())
    assert None not in toolbox.tags(client, "articles").values()
