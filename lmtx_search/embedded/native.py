"""The native libraries with which ML Commons runs a model inside the embedded node.

Other nodes download them when the first model is deployed. This node has them from the start, each
checked by its digest.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lmtx_search.embedded.artefacts import Artefact, Native
from lmtx_search.embedded.places import Account
from lmtx_search.errors import LmtxError


def add_native(home: Path, native: Native, parts: Mapping[Artefact, Path]) -> None:
    """Add the libraries to an OpenSearch home during its build."""
    jar = parts[native.libraries]
    shutil.copyfile(jar, home / "plugins" / native.plugin / native.libraries.file_name)
    folder = _folder(home, native)
    folder.mkdir(parents=True)
    with opened(jar) as archive:
        for name in archive.namelist():
            if name.startswith(native.libraries_in) and not name.endswith("/"):
                _copy(archive, name, folder / Path(name).name)
    with opened(parts[native.bridge]) as archive:
        _copy(archive, native.bridge_in, folder / native.bridge_name)


def link_native(home: Path, native: Native, data: Path, account: Account | None) -> None:
    """Link the libraries of a home into the node's data folder, where ML Commons finds them."""
    link = data / "ml_cache" / native.folder
    link.parent.mkdir(parents=True, exist_ok=True)
    if account:
        for folder in (link.parent, link.parent.parent):
            os.chown(folder, account.uid, account.gid)
    if link.is_symlink():
        link.unlink()
    # An existing folder was made by a node that downloaded the libraries itself.
    if not link.exists():
        link.symlink_to(_folder(home, native))


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a downloaded archive. A damaged one is deleted, so that it is downloaded again."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        path.unlink()
        raise LmtxError(
            f"{path.name} was damaged on this disk and has been deleted: run the same command again"
        ) from error


def _folder(home: Path, native: Native) -> Path:
    return home / "native" / native.folder


def _copy(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with archive.open(name) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
