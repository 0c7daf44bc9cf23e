"""The command line itself is killed at ten random moments of the main job."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import ml_parts
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults

KILLS = 10
SEED = 7


@pytest.fixture
def job(
    client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> Iterator[list[tuple[Any, ...]]]:
    """The main job without the judge, as commands; a tagger service runs."""
    rows = toolbox.documents(1200)
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows(300))
    old = toolbox.write(tmp_path / "old.jsonl", rows[:600])
    new = toolbox.write(tmp_path / "new.jsonl", rows[600:])
    with running(commands.environment):
        yield [
            ("bootstrap-index",),
            ("labels", "load", labels),
            ("docs", "load", new),
            ("ingest", old, "--index", "articles"),
            ("deploy", "--untrained", "--precision", "fp32"),
            ("ingest", new, "--index", "articles"),
            ("retag", "--index", "articles"),
            ("labels", "add", "late", "Late arrival"),
            ("retag", "--index", "articles", "--everything"),
        ]


def state(client: Any, settings: Settings) -> dict[str, Any]:
    """All that the job makes, document by document, but for names that tell the time."""
    version = TaggerVersions(settings.data_dir).get(read_pipeline(client).tagger or "")
    return {
        "labels": toolbox.labels(client),
        "label indices": sorted(client.indices.get(index="lmtx-labels-*")),
        "training documents": toolbox.found(client, "lmtx-documents"),
        "documents": toolbox.found(client, "articles"),
        "tags": toolbox.tags(client, "articles"),
        "tagger's labels": {label.id: label.digest for label in version.labels()},
        "changes": list(version.changes())[-1].number,
    }


def test_what_comes_out_is_what_nobody_disturbed(
    client: Any,
    settings: Settings,
    commands: Commands,
    job: list[tuple[Any, ...]],
    wiped: Callable[[], None],
) -> None:
    seconds = []
    for words in job:
        started = time.monotonic()
        commands.must(*words)
        seconds.append(time.monotonic() - started)
    expected = state(client, settings)
    assert None not in expected["tags"].values()
    assert len(expected["documents"]) == 1200

    wiped()
    versions = TaggerVersions(settings.data_dir)
    for name in versions.names():
        versions.discard(name)
    chance = random.Random(SEED)
    kills, killed = sorted(chance.choices(range(len(job)), k=KILLS)), 0
    for number, words in enumerate(job):
        for _ in range(kills.count(number)):
            process = commands.start(*words)
            try:
                process.wait(timeout=chance.uniform(0, seconds[number]))
            except subprocess.TimeoutExpired:
                toolbox.kill(process)
                killed += 1
        commands.must(*words)
    # One that continues after a kill may end before the next.
    assert killed >= KILLS // 2
    found = state(client, settings)
    assert found.pop("changes") >= expected.pop("changes")
    assert found == expected
    # Nothing is left of what was killed.
    assert versions.names() == versions.finished()
    assert not list(versions.folder.glob(".*"))
    assert len(ml_parts(client)["models"]) == len(versions.names())
