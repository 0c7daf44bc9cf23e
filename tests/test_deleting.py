"""Commands that delete ask first, and in a script they need `--yes`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import put_pipeline, tagging_pipeline
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.support.command_tree import all_commands, command_named
from tests.support.in_process import call
from tests.support.tagger_service import LABELS, make_version

DELETING = {
    "down": ["--delete-data"],
    "labels load": ["fewer.jsonl", "--retire-missing"],
    "labels retire": ["1"],
    "taggers prune": ["--keep", "0"],
}


def test_these_are_all_commands_that_delete() -> None:
    def options(name: str) -> set[str]:
        return {option for one in command_named(name)[1].params for option in one.opts}

    found = {name for name in all_commands() if {"--yes", "--dry-run"} <= options(name)}
    assert set(DELETING) == found


@pytest.mark.integration
@pytest.mark.parametrize(("name", "words"), DELETING.items(), ids=list(DELETING))
def test_in_a_script_without_yes_nothing_is_deleted(
    client: Any,
    settings: Settings,
    environment: dict[str, str],
    tmp_path: Path,
    name: str,
    words: Sequence[str],
) -> None:
    lines = [f'{{"id": "{n}", "text": "subject {n}"}}\n' for n in range(4)]
    (tmp_path / "all.jsonl").write_text("".join(lines))
    (tmp_path / "fewer.jsonl").write_text("".join(lines[1:]))
    for before in (["bootstrap-index"], ["labels", "load", "all.jsonl"]):
        assert call(*before, environment=environment, folder=tmp_path).code == 0
    made = [make_version(settings, LABELS).manifest.version for _ in range(2)]
    put_pipeline(client, tagging_pipeline(made[1], "a-model", ["text"]))
    done = call(*name.split(), *words, environment=environment, folder=tmp_path)
    assert done.code == 2, done.out
    assert "Error: nothing was changed, because standard input has no answer" in done.err
    assert client.count(index="lmtx-labels")["count"] == 4
    assert TaggerVersions(settings.data_dir).names() == sorted(made)
