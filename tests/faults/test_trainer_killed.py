"""The trainer is killed in mid-epoch, while it writes a model, and while it hands it over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from tests.faults import toolbox
from tests.faults.toolbox import Commands
from tests.support.recording_proxy import recording_proxy

pytestmark = pytest.mark.faults

TOPICS = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")
WORDS = ("train", "--judge-budget", "10", "--pairs-per-document", "1", "--shortlist", "4")
WORDS += ("--epochs", "2", "--batch-size", "4", "--least-documents", "2", "--json")


def test_the_same_command_ends_with_the_encoder_that_nobody_killed(
    client: Any, settings: Settings, commands: Commands, tmp_path: Path
) -> None:
    rows = [
        {"id": f"{topic}-{n}", "title": f"Program {n} about {topic}"}
        for topic in TOPICS
        for n in range(7)
    ]
    labels = [{"id": topic, "text": topic} for topic in TOPICS]
    commands.must("bootstrap-index")
    commands.must("labels", "load", toolbox.write(tmp_path / "labels.jsonl", labels))
    commands.must("docs", "load", toolbox.write(tmp_path / "docs.jsonl", rows))
    runs, temporary = settings.data_dir / "runs", tmp_path / "tmp"
    temporary.mkdir()

    def there(folder: Path, pattern: str) -> Callable[[], bool]:
        return lambda: folder.is_dir() and any(folder.glob(pattern))

    moments = {
        # The trainer's own folder is made right before its first step.
        "in mid-epoch": there(temporary, "tmp*"),
        "while it writes a model": there(runs, ".*/cycle-1/encoder/*"),
        "while it hands it over": there(runs, ".*/run/encoder/*"),
    }
    with recording_proxy(commands.environment["LMTX_OLLAMA_HOSTS"]) as (url, record):
        where = {"LMTX_OLLAMA_HOSTS": url, "TMPDIR": str(temporary)}
        for ready in moments.values():
            process = commands.start(*WORDS, **where)
            # On a busy machine, the judge's answers and the import of torch alone take minutes.
            toolbox.wait(lambda: ready() or process.poll() is not None, 300.0)  # noqa: B023
            assert process.poll() is None, process.communicate()
            toolbox.kill(process)
            shutil.rmtree(temporary)
            temporary.mkdir()
        done = json.loads(commands.must(*WORDS, **where).stdout)
        assert len(record.asked) == len(set(record.asked))
    undisturbed = {"LMTX_DATA_DIR": str(tmp_path / "undisturbed")}
    expected = json.loads(commands.must(*WORDS, **undisturbed).stdout)

    assert done["encoder_digest"] == expected["encoder_digest"]
    assert done["threshold"] == expected["threshold"]
    assert done["counts"]["judged_pairs"] == expected["counts"]["judged_pairs"]
    # One run, one folder, nothing half done beside it.
    assert [path.name for path in runs.iterdir()] == [done["run"]]
    listed = json.loads(commands.must("runs", "--json").stdout)["runs"]
    assert sorted(run["id"] for run in listed) == sorted([done["run"], expected["run"]])
