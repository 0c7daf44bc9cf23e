"""A machine's clock is an hour off: nothing that is compared between machines is told by it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.lock import LOCK, exclusive
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.settings import Settings
from tests.conftest import Run
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults

HOUR = 3600
_CLOCK = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t) {
  int failed = syscall(SYS_clock_gettime, id, t);
  if (!failed && id == CLOCK_REALTIME) t->tv_sec += atol(getenv("CLOCK_OFF_BY"));
  return failed;
}
time_t time(time_t *out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}
int gettimeofday(struct timeval *v, void *zone) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  v->tv_sec = t.tv_sec;
  v->tv_usec = t.tv_nsec / 1000;
  return 0;
}
"""


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that shifts what a process takes for the time."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler: no clock can be shifted")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(_CLOCK)
    command = [compiler, "-shared", "-fPIC", "-o", "clock.so", "clock.c"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "clock.so"


@pytest.fixture
def off(clock: Path) -> Any:
    """Return the variables of a process whose clock is so many seconds off."""
    return lambda seconds: {"LD_PRELOAD": str(clock), "CLOCK_OFF_BY": str(seconds)}


@pytest.fixture
def cluster(client: Any, settings: Settings, lmtx: Run, commands: Commands) -> Iterator[Any]:
    """A cluster with labels, and a tagger service."""
    bootstrap(client, settings, lmtx)
    with running(commands.environment):
        yield client


def test_the_shifted_clock_is_shifted(commands: Commands, off: Any) -> None:
    program = "import datetime; print(datetime.datetime.now(datetime.timezone.utc).isoformat())"
    words = ["python3", "-c", program]
    shown = subprocess.run(words, env=off(HOUR), capture_output=True, text=True, check=True)
    ahead = datetime.fromisoformat(shown.stdout.strip()) - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < ahead < timedelta(minutes=61)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_lock_that_is_held_is_respected_and_a_dead_ones_is_taken(
    cluster: Any, commands: Commands, off: Any, seconds: int
) -> None:
    with exclusive(cluster, "deploy") as held:
        done = commands.run("labels", "add", "new", "Weather", **off(seconds))
        assert done.returncode == 1
        assert "another command is changing the tagger" in done.stderr
        held.require()
    # A holder on another machine, whose last sign of life was more than a minute ago.
    dead = {"kind": "lock", "what": "deploy", "until": cluster_time(cluster).timestamp() - 1}
    cluster.index(index="lmtx-runs", id=LOCK, body=dead, params={"refresh": "true"})
    commands.must("labels", "add", "new", "Weather", **off(seconds))


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_what_was_tagged_before_a_label_changed_is_tagged_again(
    cluster: Any, commands: Commands, off: Any, seconds: int, tmp_path: Path
) -> None:
    file = toolbox.write(tmp_path / "docs.jsonl", toolbox.documents(8))
    commands.must("deploy", "--untrained", **off(seconds))
    commands.must("ingest", file, "--index", "articles", **off(seconds))
    commands.must("labels", "rename", "game::chess", "Board game", **off(seconds))
    words = ("retag", "--index", "articles", "--json")
    report = json.loads(commands.must(*words, **off(seconds)).stdout)["indices"]["articles"]
    assert (report["documents"], report["changed"]) == (8, 2)
    again = json.loads(commands.must(*words, **off(seconds)).stdout)["indices"]["articles"]
    assert again["documents"] == 0


def test_a_version_is_later_than_one_that_was_deployed_from_another_machine(
    cluster: Any, commands: Commands, settings: Settings, off: Any
) -> None:
    commands.must("deploy", "--untrained", **off(HOUR))
    first = read_pipeline(cluster).tagger
    assert first is not None
    shutil.rmtree(settings.data_dir / "taggers" / first)
    commands.must("deploy", "--untrained", **off(-HOUR))
    second = read_pipeline(cluster).tagger
    assert second is not None
    assert second > first


_LEARN = """
import json
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.judgments.feedback import keep_opinions
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.progress import SILENT
from lmtx_search.records import Judgment
from lmtx_search.settings import load_settings
from lmtx_search.training.inputs import gather_inputs
from lmtx_search.training.settings import TrainingSettings

inputs = gather_inputs(load_settings(), TrainingSettings(shortlist=5), SILENT)
JudgmentStore(inputs.client).add([Judgment("j1", "1", "web", 0.5, 1, "judge", "prompt")])
keep_opinions(inputs.client, [Judgment("j2", "1", "web", 0.5, 1, "judge", "prompt")])
print(json.dumps([inputs.since, records.now(inputs.client)]))
"""


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_answers_have_the_time_of_the_cluster_as_runs_have(
    client: Any,
    settings: Settings,
    lmtx: Run,
    commands: Commands,
    off: Any,
    seconds: int,
    tmp_path: Path,
) -> None:
    bootstrap(client, settings, lmtx)
    file = toolbox.write(tmp_path / "docs.jsonl", toolbox.documents(200))
    commands.must("docs", "load", file)
    before = cluster_time(client)
    done = subprocess.run(
        [sys.executable, "-c", _LEARN],
        env=commands.environment | off(seconds),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    client.indices.refresh(index="lmtx-judgments")
    hits = client.search(index="lmtx-judgments", body={})["hits"]["hits"]
    assert len(hits) == 2
    told = [*json.loads(done.stdout), *(hit["_source"]["at"] for hit in hits)]
    assert all(before <= datetime.fromisoformat(at) <= cluster_time(client) for at in told)


def test_the_last_version_is_the_last_that_was_deployed(
    cluster: Any, commands: Commands, off: Any
) -> None:
    commands.must("deploy", "--untrained", **off(HOUR))
    first = read_pipeline(cluster).tagger
    commands.must("deploy", "--untrained", **off(-HOUR))
    second = read_pipeline(cluster).tagger
    assert first is not None
    assert second is not None
    assert second > first
    runs = json.loads(commands.must("runs", "--json").stdout)["runs"]
    assert [run["kind"] for run in runs] == ["deploy", "deploy"]
    commands.must("rollback", **off(-HOUR))
    assert read_pipeline(cluster).tagger == first
