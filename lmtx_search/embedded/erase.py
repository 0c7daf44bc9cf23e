"""Deletes the data of the embedded cluster and everything made from it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import is_alive
from lmtx_search.embedded.state import read_state
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one

# Folders that the product writes. The user may keep other files in data_dir, which stay.
_MADE = ("runs", "taggers", "loads", "retags", "compare", "studies")


def erasable(settings: Settings) -> list[Path]:
    """Return the existing folders of embedded data, and of all that commands made from it."""
    places = find_places(settings)
    folders = [places.node_data, places.logs, *(settings.data_dir / name for name in _MADE)]
    return [folder for folder in folders if folder.is_dir()]


def erase(settings: Settings) -> list[Path]:
    """Delete these folders; downloads in the cache stay.

    Raises:
        UserError: the servers are still running.
        LmtxError: `up` or `down` is running.
    """
    places = find_places(settings)
    with only_one(places.state / "lock", f"`lmtx-search up` or `down` in {settings.data_dir}"):
        if any(map(is_alive, read_state(settings.data_dir).processes.values())):
            raise UserError("the embedded servers still run: `lmtx-search down` stops them")
        folders = erasable(settings)
        for folder in folders:
            shutil.rmtree(folder)
    return folders
