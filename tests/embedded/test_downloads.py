"""Downloads from the real registries: checked, whole or not there, each fault one line."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lmtx_search.embedded.maven import fetch_artefacts
from lmtx_search.embedded.ollama_build import check_module
from lmtx_search.embedded.toolchain import find_go
from lmtx_search.embedded.wheels import download_wheels
from lmtx_search.errors import LmtxError, UserError
from tests.support.artefacts import artefact
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

LIMITED = """
import resource, sys
from pathlib import Path
from tests.support.artefacts import artefact
from lmtx_search.embedded.maven import fetch_artefacts
from lmtx_search.embedded.wheels import download_wheels
from lmtx_search.errors import LmtxError
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
folder = Path(sys.argv[1])
for fetch in (
    lambda: fetch_artefacts([artefact("jzlib")], folder),
    lambda: download_wheels(["click==8.1.8"], folder),
):
    try:
        fetch()
    except LmtxError as error:
        print(error)
"""


def files_under(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_an_artefact_is_fetched_once(tmp_path: Path) -> None:
    wanted = artefact("jspecify")
    path = fetch_artefacts([wanted], tmp_path)[wanted]
    assert path.stat().st_size == wanted.size
    before = path.stat().st_mtime_ns
    fetch_artefacts([wanted], tmp_path)
    assert path.stat().st_mtime_ns == before


def test_a_damaged_artefact_is_fetched_again(tmp_path: Path) -> None:
    wanted = artefact("jspecify")
    path = fetch_artefacts([wanted], tmp_path)[wanted]
    path.write_bytes(b"half")
    fetch_artefacts([wanted], tmp_path)
    assert path.stat().st_size == wanted.size


def test_an_artefact_whose_digest_differs_is_refused_and_not_kept(tmp_path: Path) -> None:
    other = dataclasses.replace(artefact("jspecify"), sha256="0" * 64)
    with pytest.raises(LmtxError, match=r"jspecify-1\.0\.0\.jar is not the expected file"):
        fetch_artefacts([other, artefact("jzlib")], tmp_path)
    assert "jspecify-1.0.0.jar" not in files_under(tmp_path)


def test_a_disk_that_fills_while_downloading_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    jar, wheel = done.stdout.splitlines()
    assert jar.startswith("no space left in")
    assert "downloading jzlib-1.1.3.jar" in jar
    assert wheel.startswith("no space left while downloading click==8.1.8")
    assert files_under(tmp_path) == []


def test_a_package_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LmtxError, match=r"cannot download click==0\.0\.99: .*No matching"):
        download_wheels(["click==0.0.99"], tmp_path)


def test_a_python_without_pip_is_one_line_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    with pytest.raises(UserError, match=r"has no pip.*-m ensurepip"):
        download_wheels(["click==8.1.8"], tmp_path)


def test_ollamas_source_is_compared_with_its_pinned_digest(tmp_path: Path) -> None:
    environ = {**os.environ, "GOPATH": str(tmp_path / "go"), "GOFLAGS": "-modcacherw"}
    go = find_go(tmp_path)
    check_module(go, environ, tmp_path)
    with pytest.raises(LmtxError, match=r"ollama .* is not the expected source: its digest is h1:"):
        check_module(go, environ, tmp_path, "h1:another")
