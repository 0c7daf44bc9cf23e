"""Builds Ollama with its CPU backend from its Go module if none is installed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from lmtx_search.embedded.files import (
    disk_full_is_one_line,
    place_folder,
    remove_folder,
    scratch_folder,
    sha256_of,
    sweep,
)
from lmtx_search.embedded.pinned import pinned
from lmtx_search.embedded.toolchain import find_compiler, find_go, find_headers
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.system.file_locks import one_after_another

_CPUINFO = Path("/proc/cpuinfo")
_PINNED = pinned("ollama.json", "ollama")
_MODULE, _VERSION = str(_PINNED["module"]), str(_PINNED["version"])


def build_ollama(cache: Path, progress: Progress = SILENT) -> Path:
    """Return the program, which is built if it is missing or has changed.

    Builds are stored by version and CPU features, because they are compiled for the CPU. Of several
    commands, one builds and the others wait.
    """
    builds = cache / "ollama"
    folder = builds / f"{_VERSION}-{cpu_key()}"
    with one_after_another(builds / "lock", "builds Ollama", progress):
        sweep(builds)
        if not _is_whole(folder):
            _build(builds, folder, progress)
    return folder / "ollama"


def _build(builds: Path, folder: Path, progress: Progress) -> None:
    with (
        disk_full_is_one_line(builds, "building Ollama"),
        scratch_folder(builds) as scratch,
    ):
        find_compiler(progress)
        include = scratch / "include"
        find_headers(include, progress)
        stand_in = include / "miniaudio" / "miniaudio.h"
        stand_in.parent.mkdir(parents=True)
        stand_in.write_text(files("lmtx_search.embedded").joinpath("miniaudio.h").read_text())
        go = find_go(scratch, progress)
        with progress.stage("Building Ollama, five to ten minutes", None, "packages") as advance:
            built = _go_install(go, include, scratch, builds / "build.log", advance)
        place = scratch / "done"
        place.mkdir()
        shutil.copy2(built, place / "ollama")
        (place / "complete.json").write_text(json.dumps({"sha256": sha256_of(place / "ollama")}))
        place_folder(place, folder)


def cpu_key(cpuinfo: Path = _CPUINFO) -> str:
    """Return a key of architecture and CPU features, on which `-march=native` depends."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        text = ""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.MULTILINE)
    features = " ".join(sorted(found[1].split())) if found else ""
    return f"{platform.machine()}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"


def _is_whole(folder: Path) -> bool:
    try:
        noted = json.loads((folder / "complete.json").read_text())
        return bool(noted["sha256"] == sha256_of(folder / "ollama"))
    except (OSError, ValueError, KeyError):
        return False


def _go_install(
    go: Path, include: Path, scratch: Path, log: Path, advance: Callable[[int], None]
) -> Path:
    # The Go build of ggml leaves out the sources for Intel's AMX, which ggml uses if the compiler
    # says that the processor has it: it would not link (Ollama 0.17.4).
    flags = "-O3 -march=native -U__AMX_INT8__"
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CGO_")},
        "GOPATH": str(scratch / "go"),
        "GOBIN": str(scratch / "bin"),
        "GOCACHE": str(scratch / "go-cache"),
        "GOTMPDIR": str(scratch),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "1",
        "CGO_CPPFLAGS": f"-I{include}",
        "CGO_CFLAGS": flags,
        "CGO_CXXFLAGS": flags,
    }
    check_module(go, environ, scratch)
    linker = f"-s -w -X {_MODULE}/version.Version={_VERSION}"
    command = [str(go), "install", "-v", "-ldflags", linker, f"{_MODULE}@v{_VERSION}"]
    status, lines = run_build(command, environ, scratch, log, advance)
    if status < 0:
        stopped = f"the build was stopped by signal {-status}"
        raise LmtxError(f"cannot build Ollama: {stopped} (log: {log})")
    if status:
        raise LmtxError(f"cannot build Ollama: {failure(lines)} (log: {log})")
    remove_folder(scratch / "go-cache")
    return scratch / "bin" / "ollama"


def run_build(
    command: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    log: Path,
    advance: Callable[[int], None],
) -> tuple[int, list[str]]:
    """Run a build in a folder; if this is interrupted, end it with all that it has started.

    Args:
        advance: is called for each line on standard error.

    Returns:
        The exit status, and the lines.
    """
    lines: list[str] = []
    with (
        log.open("w") as output,
        # A session of its own: the compilers that it starts can be ended with it.
        subprocess.Popen(
            command,
            env=environ,
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as build,
    ):
        assert build.stderr is not None
        try:
            for line in build.stderr:
                output.write(line)
                lines.append(line.strip())
                advance(1)
        except BaseException:
            os.killpg(build.pid, signal.SIGKILL)
            build.wait()
            raise
    return build.returncode, lines


def check_module(
    go: Path, environ: Mapping[str, str], scratch: Path, expected: str = str(_PINNED["sum"])
) -> None:
    """Download the source of Ollama, whose go.sum pins its dependencies, and check its digest.

    Args:
        expected: the digest of Go modules, a SHA-256 over the SHA-256 of the files.

    Raises:
        LmtxError: the source cannot be downloaded, or its digest differs.
    """
    command = [str(go), "mod", "download", "-json", f"{_MODULE}@v{_VERSION}"]
    done = subprocess.run(command, env=environ, cwd=scratch, capture_output=True, text=True)
    if done.returncode:
        reason = failure((done.stderr + done.stdout).splitlines())
        raise LmtxError(f"cannot download Ollama's source: {reason}")
    found = str(json.loads(done.stdout)["Sum"])
    if found != expected:
        raise LmtxError(
            f"{_MODULE} {_VERSION} is not the expected source: its digest is {found}, expected "
            f"{expected}; nothing was built"
        )


def failure(lines: Sequence[str]) -> str:
    """Return the line of the output of `go` that tells why it failed.

    Names of modules and packages are passed over, because some contain "errors".

    >>> failure(["go: downloading github.com/pkg/errors v0.9.1", "x.cpp:1: fatal error: no file"])
    'x.cpp:1: fatal error: no file'
    """
    said = [line for line in lines if " " in line and not line.startswith("go: downloading")]
    telling = [line for line in said if re.search(r"error|fatal|cannot|dial|no space", line, re.I)]
    return (telling or said[-1:] or ["go install failed"])[0][:300]
