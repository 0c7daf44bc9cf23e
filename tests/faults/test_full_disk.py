"""The disk is full: where models, a load's notes, logs and the cache lie."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.embedded.state import read_state
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.conftest import Run
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.live_tagger import bootstrap, ml_parts
from tests.support.tagger_service import running

pytestmark = pytest.mark.faults

Resize = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Resize]]:
    """A small disk, and what makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    if os.geteuid() != 0 or mount("size=8m", "mode=755"):
        pytest.skip("a small disk can be mounted by root only")
    yield folder, lambda size: [mount("remount", f"size={size}")][0] and pytest.fail("no remount")
    subprocess.run(["umount", str(folder)], check=True)


def full(done: subprocess.CompletedProcess[str]) -> None:
    """See that a command says so."""
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert "o space left" in line, line


def test_a_tagger_that_has_no_room_is_not_deployed(
    client: Any,
    settings: Settings,
    lmtx: Run,
    commands: Commands,
    disk: tuple[Path, Resize],
) -> None:
    folder, resize = disk
    bootstrap(client, settings, lmtx)
    commands.environment["LMTX_DATA_DIR"] = str(folder)
    versions = TaggerVersions(folder)
    with running(commands.environment):
        full(commands.run("deploy", "--untrained"))
        assert versions.names() == []
        assert not list(folder.glob("taggers/.*"))
        assert read_pipeline(client).tagger is None
        resize("400m")
        commands.must("deploy", "--untrained")
    assert versions.names() == [read_pipeline(client).tagger]
    assert len(ml_parts(client)["models"]) == 1


def test_a_load_whose_notes_have_no_room_goes_on(
    client: Any, commands: Commands, disk: tuple[Path, Resize], tmp_path: Path
) -> None:
    folder, resize = disk
    commands.environment["LMTX_DATA_DIR"] = str(folder)
    rows = toolbox.documents(2000)
    file = toolbox.write(tmp_path / "docs.jsonl", rows)
    commands.must("bootstrap-index")
    fill(folder)
    full(commands.run("ingest", file, "--index", "mine"))
    resize("20m")
    commands.must("ingest", file, "--index", "mine")
    assert toolbox.found(client, "mine") == toolbox.hashes(rows)
    assert not list(folder.glob("loads/*"))


def test_a_model_that_has_no_room_costs_no_answer_of_the_judge(
    client: Any, commands: Commands, disk: tuple[Path, Resize], tmp_path: Path
) -> None:
    folder, resize = disk
    topics = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")
    rows = [
        {"id": f"{t}-{n}", "title": f"Program {n} about {t}"} for t in topics for n in "abcdefg"
    ]
    labels = toolbox.write(tmp_path / "labels.jsonl", [{"id": t, "text": t} for t in topics])
    commands.must("bootstrap-index")
    commands.must("labels", "load", labels)
    commands.must("docs", "load", toolbox.write(tmp_path / "docs.jsonl", rows))
    commands.environment["LMTX_DATA_DIR"] = str(folder)
    words = ("train", "--judge-budget", "8", "--pairs-per-document", "1", "--shortlist", "4")
    words += ("--epochs", "1", "--batch-size", "4", "--least-documents", "2", "--json")
    full(commands.run(*words))
    # At most the beginning of the run is left, from which the same command continues.
    assert all(path.name.startswith(".") or path.name == "lock" for path in folder.glob("runs/*"))
    resize("600m")
    done = json.loads(commands.must(*words).stdout)
    # The training pairs were all answered before; held-out ones are asked after the training.
    assert done["counts"]["known"] >= 6
    encoder = Path(done["encoder_path"])
    assert (encoder / "model.safetensors").is_file()
    assert {path.name for path in folder.glob("runs/*")} - {"lock"} == {encoder.parent.name}


def test_a_cache_that_has_no_room_is_left_as_it_was(
    client: Any, commands: Commands, disk: tuple[Path, Resize], tmp_path: Path
) -> None:
    folder, resize = disk
    labels = toolbox.write(tmp_path / "labels.jsonl", toolbox.label_rows())
    commands.must("bootstrap-index")
    commands.environment["LMTX_CACHE_DIR"] = str(folder)
    full(commands.run("labels", "load", labels))
    assert not list(folder.glob("onnx/*"))
    assert toolbox.labels(client) == {}
    resize("600m")
    commands.must("labels", "load", labels)
    assert sorted(toolbox.labels(client)) == sorted(row["id"] for row in toolbox.label_rows())


def test_servers_whose_logs_have_no_room_are_not_left_running(
    commands: Commands, disk: tuple[Path, Resize]
) -> None:
    folder, _ = disk
    fill(folder)
    words = ("--data-dir", folder, "up", "--without-judge", "--without-tagger")
    full(commands.run(*words))
    assert read_state(folder).processes == {}


def fill(folder: Path) -> None:
    """Leave no room."""
    with (folder / "full").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
