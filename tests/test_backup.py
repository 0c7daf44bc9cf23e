"""The steps under "Backup" in docs/operators.md, as they stand there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import Settings
from tests.support.in_process import call
from tests.support.live_tagger import bootstrap, deployed, index_documents, tags_of
from tests.support.tagger_service import LABELS, running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

DOCUMENTS = [
    {"id": "1", "text": "plays chess"},
    {"id": "2", "text": "a web browser that shows pages"},
]


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[None]:
    with running(environment):
        yield


@pytest.fixture
def repository(client: Any) -> Iterator[str]:
    body = {"type": "fs", "settings": {"location": "backup"}}
    client.snapshot.create_repository(repository="backup", body=body)
    yield "backup"
    client.snapshot.delete(repository="backup", snapshot="*")
    client.snapshot.delete_repository(repository="backup")


@pytest.mark.usefixtures("service")
def test_what_was_backed_up_works_again_on_an_empty_cluster(
    client: Any,
    settings: Settings,
    environment: dict[str, str],
    lmtx: Any,
    tmp_path: Path,
    repository: str,
) -> None:
    def run(*words: str) -> str:
        # Else a table is cut to a terminal's 80 columns.
        wide = environment | {"COLUMNS": "200"}
        done = call(*words, environment=wide, folder=tmp_path)
        assert done.code == 0, done.err
        return done.out

    def status(id_: str) -> str:
        return str(client.get(index="articles", id=id_)["_source"]["tagging"]["status"])

    bootstrap(client, settings, lmtx)
    version = deployed(client, settings).version
    index_documents(client, "articles", DOCUMENTS)
    run("labels", "add", "go", "The game of Go")
    judgment = {"document_id": "1", "label_id": "go", "p_yes": 0.25}
    client.index(index="lmtx-judgments", id="j1", body=judgment, params={"refresh": "true"})
    facets = run("facets", "--index", "articles", "--json")
    assert json.loads(facets)["tags"]

    # Backup.
    what = {"indices": "lmtx-*,articles", "include_global_state": True}
    wait = {"wait_for_completion": "true"}
    made = client.snapshot.create(repository=repository, snapshot="lmtx-1", body=what, params=wait)
    assert made["snapshot"]["state"] == "SUCCESS"
    run_folder = settings.data_dir / "runs" / "one"
    run_folder.mkdir(parents=True)
    (run_folder / "run.json").write_text("{}")
    folders = ("taggers", "runs")
    for folder in folders:
        shutil.copytree(settings.data_dir / folder, tmp_path / "copy" / folder)

    # Everything is lost.
    wipe(client)
    for folder in folders:
        shutil.rmtree(settings.data_dir / folder)
    assert not client.indices.exists(index="lmtx-labels")

    # Restore.
    client.snapshot.restore(repository=repository, snapshot="lmtx-1", body=what, params=wait)
    copies = [str(tmp_path / "copy" / folder) for folder in folders]
    subprocess.run(["cp", "-a", *copies, str(settings.data_dir)], check=True)
    assert (run_folder / "run.json").is_file()
    assert "Nothing changed" in run("bootstrap-index")
    assert "model lost" in run("taggers")
    assert run("facets", "--index", "articles", "--json") == facets
    index_documents(client, "articles", [{"id": "3", "text": "plays chess at noon"}])
    assert status("3") == "pending"
    assert f"now uses the tagger {version}" in run("rollback", version)
    assert status("3") == "pending"
    run("retag", "--index", "articles", "--pending")
    assert status("3") == "tagged"
    client.delete(index="articles", id="3", params={"refresh": "true"})

    assert run("facets", "--index", "articles", "--json") == facets
    assert client.count(index="lmtx-labels")["count"] == len(LABELS) + 1
    assert client.get(index="lmtx-judgments", id="j1")["_source"] == judgment
    assert tags_of(client, "plays chess")[0] == "Chess"
    assert "The game of Go" in tags_of(client, "the game of go")
    assert "in use" in run("taggers")
    run("labels", "add", "mahjong", "Mahjong")
