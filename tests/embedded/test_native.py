"""The embedded node finds PyTorch's native libraries without a download of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lmtx_search.embedded.artefacts import Artefact, Native, read_distribution
from lmtx_search.embedded.native import add_native, link_native
from lmtx_search.errors import LmtxError

LIBRARIES = Artefact("group:libraries:1", "jar", 0, "")
BRIDGE = Artefact("group:bridge:1", "jar", 0, "")
NATIVE = Native("ml", LIBRARIES, BRIDGE, "cpu/", "jni/bridge.so", "1-bridge.so", "torch/1-cpu")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    parts = {LIBRARIES: tmp_path / "libraries.jar", BRIDGE: tmp_path / "bridge.jar"}
    for path, names in zip(
        parts.values(), (["cpu/a.so", "cpu/b.so", "more/c.so"], ["jni/bridge.so"]), strict=True
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, name)
    found = tmp_path / "home"
    (found / "plugins" / "ml").mkdir(parents=True)
    add_native(found, NATIVE, parts)
    return found


def test_the_libraries_and_the_bridge_are_in_the_nodes_data(home: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    link_native(home, NATIVE, data, None)
    folder = data / "ml_cache" / "torch" / "1-cpu"
    there = {path.name: path.read_text() for path in folder.iterdir()}
    assert there == {"a.so": "cpu/a.so", "b.so": "cpu/b.so", "1-bridge.so": "jni/bridge.so"}
    assert (home / "plugins" / "ml" / "libraries-1.jar").is_file()


def test_a_home_that_was_built_anew_is_found_at_the_next_start(home: Path, tmp_path: Path) -> None:
    data, later = tmp_path / "data", tmp_path / "later"
    link_native(home, NATIVE, data, None)
    home.rename(later)
    link_native(later, NATIVE, data, None)
    assert (data / "ml_cache" / "torch" / "1-cpu" / "a.so").is_file()


def test_what_a_node_downloaded_itself_stays(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "data" / "ml_cache" / "torch" / "1-cpu"
    own.mkdir(parents=True)
    (own / "own.so").touch()
    link_native(home, NATIVE, tmp_path / "data", None)
    assert [path.name for path in own.iterdir()] == ["own.so"]


def test_a_damaged_archive_is_deleted_and_named(tmp_path: Path) -> None:
    parts = {LIBRARIES: tmp_path / "libraries.jar", BRIDGE: tmp_path / "bridge.jar"}
    with zipfile.ZipFile(parts[LIBRARIES], "w") as archive:
        archive.writestr("cpu/a.so", "")
    parts[BRIDGE].write_text("no archive")
    (tmp_path / "home" / "plugins" / "ml").mkdir(parents=True)
    with pytest.raises(LmtxError, match=r"bridge\.jar was damaged on this disk"):
        add_native(tmp_path / "home", NATIVE, parts)
    assert not parts[BRIDGE].exists()


def test_the_libraries_are_pinned_with_the_rest() -> None:
    distribution = read_distribution()
    native = distribution.native
    assert {native.libraries, native.bridge} <= set(distribution.artefacts())
    assert native.plugin in distribution.plugins
