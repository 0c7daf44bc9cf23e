"""Files lie where the node's account can reach them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lmtx_search.embedded.places import SHARED, Places, find_places, is_open, open_up
from lmtx_search.settings import load_settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to share its folders")


def places_of(data: Path) -> Places:
    flags = {"data_dir": data, "cache_dir": data / "cache"}
    return find_places(load_settings(flags=flags))


def test_a_user_of_their_own_has_everything_in_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    places = places_of(tmp_path)
    assert places.account is None
    assert places.node_data.is_relative_to(tmp_path)
    assert places.node_cache.is_relative_to(tmp_path)


@as_root
def test_roots_node_lies_in_a_shared_folder_where_the_own_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    first, second = places_of(tmp_path / "a"), places_of(tmp_path / "b")
    assert first.account is not None
    assert first.account.uid != 0
    assert first.node_data.is_relative_to(SHARED)
    assert first.node_data != second.node_data
    assert first.state.is_relative_to(tmp_path)


def test_a_folder_is_open_when_all_above_it_are(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    assert not is_open(folder)
    assert not is_open(folder / "not" / "there")
    assert is_open(Path("/usr/lib"))


def test_folders_that_are_made_can_be_entered_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        open_up(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert all((tmp_path / name).stat().st_mode & 0o005 == 5 for name in ("a", "a/b"))
