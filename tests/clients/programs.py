"""Programs that use clients of other languages, built once into the cache.

Files beside each program pin all of its packages by version and digest, as the tools of its
language write them. For Java, ``jars.json`` is the list.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lmtx_search.embedded.artefacts import Artefact
from lmtx_search.embedded.maven import fetch_artefacts
from lmtx_search.records import content_digest
from lmtx_search.settings import load_settings
from lmtx_search.system.file_locks import one_after_another

_SOURCES = Path(__file__).parent
_SECONDS_TO_BUILD = 500


@dataclass(frozen=True)
class _Program:
    tools: tuple[str, ...]
    """What has to be installed."""
    build: Callable[[Path], None]
    """Builds in a folder that holds the sources. The folder is moved afterwards."""
    command: tuple[str, ...]
    """Runs the program in that folder."""


def program(name: str) -> list[str]:
    """Return the command of a program, which takes address, name and action.

    The test is skipped where a tool of the language is missing.
    """
    made = _PROGRAMS[name]
    for tool in made.tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: it is needed to run the client for {name}")
    cache = load_settings().cache_dir / "test-clients"
    source = _SOURCES / name
    files = sorted(path for path in source.iterdir() if path.is_file())
    digest = content_digest(*(path.read_text() for path in files))[:12]
    target = cache / f"{name}-{digest}"
    with one_after_another(cache / "lock", "builds the same"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                built = Path(scratch, name)
                shutil.copytree(source, built)
                made.build(built)
                built.rename(target)
    return [word.format(folder=target) for word in made.command]


def _build_js(folder: Path) -> None:
    _run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def _build_go(folder: Path) -> None:
    _run(folder, "go", "build", "-mod=readonly", "-o", "bulk", ".")


def _build_java(folder: Path) -> None:
    jars = [
        Artefact(one["artifact"], "jar", one["size"], one["sha256"])
        for one in json.loads((folder / "jars.json").read_text())
    ]
    for path in fetch_artefacts(jars, folder / "maven").values():
        path.rename(folder / path.name)
    _run(folder, "javac", "-cp", "*", "Bulk.java")


def _build_python_async(folder: Path) -> None:
    words = ("-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.lock")
    _run(folder, sys.executable, *words, "--target", "packages")


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS_TO_BUILD
    )
    assert done.returncode == 0, done.stderr


_PROGRAMS = {
    "js": _Program(("node", "npm"), _build_js, ("node", "{folder}/bulk.mjs")),
    "go": _Program(("go",), _build_go, ("{folder}/bulk",)),
    "java": _Program(
        ("java", "javac"), _build_java, ("java", "-cp", "{folder}:{folder}/*", "Bulk")
    ),
    "python_async": _Program(
        (),
        _build_python_async,
        ("env", "PYTHONPATH={folder}/packages", sys.executable, "{folder}/bulk.py"),
    ),
}
PROGRAMS = tuple(_PROGRAMS)
