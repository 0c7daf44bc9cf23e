"""`down --delete-data` deletes what the product made, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import lmtx_search
from lmtx_search.embedded.erase import erase
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import spawn, stop
from lmtx_search.embedded.state import read_state
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folders = {"data_dir": tmp_path / "data", "cache_dir": tmp_path / "cache"}
    return load_settings(flags=folders)


def test_the_nodes_data_runs_and_taggers_go(settings: Settings) -> None:
    made = [find_places(settings).node_data, settings.data_dir / "runs" / "a"]
    for folder in made:
        folder.mkdir(parents=True)
    erase(settings)
    assert not any(folder.exists() for folder in made)


def test_every_folder_that_the_product_makes_goes(settings: Settings) -> None:
    package = Path(lmtx_search.__file__).parent
    sources = "".join(file.read_text() for file in package.rglob("*.py"))
    made = set(re.findall(r'data_dir / "([a-z]+)"', sources)) - {"embedded"}
    assert made >= {"runs", "taggers", "studies"}
    for name in made:
        (settings.data_dir / name).mkdir(parents=True)
    erase(settings)
    assert not [name for name in made if (settings.data_dir / name).exists()]


def test_files_of_the_users_and_downloads_stay(settings: Settings) -> None:
    mine, download = settings.data_dir / "letters" / "one.txt", settings.cache_dir / "download"
    for path in (mine, download):
        path.parent.mkdir(parents=True)
        path.write_text("kept")
    erase(settings)
    assert mine.exists()
    assert download.exists()


def test_nothing_goes_while_a_server_runs(settings: Settings) -> None:
    runs = settings.data_dir / "runs"
    runs.mkdir(parents=True)
    state = read_state(settings.data_dir)
    process = spawn("OpenSearch", ["sleep", "60"], settings.data_dir / "a.log", os.environ)
    state.processes = {"opensearch": process}
    state.write()
    try:
        with pytest.raises(UserError, match="still run"):
            erase(settings)
    finally:
        stop(process)
    assert runs.exists()
