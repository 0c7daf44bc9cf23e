"""HAProxy with the configuration of the page "Operators", in front of taggers of this machine."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lmtx_search.embedded.net import ask, wait_for
from lmtx_search.settings import load_settings
from lmtx_search.system.file_locks import one_after_another
from tests.support.paths import ROOT

_PACKAGES = {
    "haproxy=2.6.12-1+deb12u4": "97ca097d12b43fc5cb1b17aa5e84957735ef312a2e02cf8a99512fa1abe8a955",
    "liblua5.3-0=5.3.6-2": "576ad8ef2e9f6ad21f29f0c90dac17448deefee8f3912877c2a0911b77e5d3ca",
    "libopentracing-c-wrapper0=1.1.3-3+b1": (
        "68013bf6296a776923622c871bed26bc7b6bfe5f84b0fa2707a06382d1db2692"
    ),
    "libopentracing1=1.6.0-4": "af62b62a99979253a79e3443f7dabe13f1f33bc2fc024f99039e3868a67f26f4",
}
_SECONDS = 60.0


@dataclass(frozen=True)
class LoadBalancer:
    """A running HAProxy."""

    statistics: Path
    """The socket that tells them."""

    def busy(self) -> list[int]:
        """Return the numbers of the taggers that work on a request, from 0."""
        return [n for n, row in enumerate(self._taggers()) if int(row["scur"])]

    def requests(self) -> list[int]:
        """Return the number of requests that each tagger was given."""
        return [int(row["stot"]) for row in self._taggers()]

    def up(self) -> list[int]:
        """Return the numbers of the taggers that answer its checks."""
        return [n for n, row in enumerate(self._taggers()) if row["status"] == "UP"]

    def _taggers(self) -> list[dict[str, str]]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.statistics))
            connection.sendall(b"show stat\n")
            with connection.makefile() as file:
                rows = list(csv.DictReader(file.read().lstrip("# ").splitlines()))
        return [row for row in rows if row["svname"].startswith("tagger-")]


@contextmanager
def load_balancer(
    port: int, taggers: Sequence[int], without: Sequence[str] = ()
) -> Iterator[LoadBalancer]:
    """Run HAProxy on a port of this machine, and wait until it knows all taggers.

    Args:
        port: its port.
        taggers: ports of the three taggers, which run.
        without: lines of the page's configuration to leave out, by their first words.
    """
    program = _program()
    with tempfile.TemporaryDirectory(prefix="lmtx-haproxy-") as name:
        folder = Path(name)
        made = LoadBalancer(folder / "statistics")
        text = _configuration(port, taggers, without)
        text = text.replace("global\n", f"global\n    stats socket {made.statistics}\n")
        (folder / "haproxy.cfg").write_text(text)
        log = (folder / "log").open("w+")
        process = subprocess.Popen(
            [program, "-db", "-f", folder / "haproxy.cfg"], env=_environment(program), stderr=log
        )
        try:
            ready = f"http://127.0.0.1:{port}/ready"
            wait_for(lambda: ask(ready) or process.poll() is not None, "HAProxy", _SECONDS)
            log.seek(0)
            assert process.poll() is None, log.read()
            yield made
        finally:
            process.terminate()
            process.wait(timeout=_SECONDS)
            log.close()


def _configuration(port: int, taggers: Sequence[int], without: Sequence[str]) -> str:
    """Return the page's configuration with the addresses of this machine."""
    page = (ROOT / "docs" / "operators.md").read_text()
    (block,) = re.findall(r"^```haproxy\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for word in without:
        block, left_out = re.subn(rf"^ +{re.escape(word)}.*\n", "", block, flags=re.MULTILINE)
        assert left_out == 1, word
    block = block.replace("bind :8787", f"bind 127.0.0.1:{port}")
    for number, tagger in enumerate(taggers, 1):
        block, found = re.subn(rf"(server tagger-{number} )\S+", rf"\g<1>127.0.0.1:{tagger}", block)
        assert found == 1
    return block


def _program() -> str:
    """Return HAProxy: the one on PATH, else that of Debian, unpacked into the cache."""
    found = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if found:
        return found
    cache = load_settings().cache_dir / "test-haproxy"
    target = cache / hashlib.sha256("".join(_PACKAGES.values()).encode()).hexdigest()[:12]
    with one_after_another(cache / "lock", "unpacks the same"):
        if not target.is_dir():
            _unpack(cache, target)
    return str(target / "usr" / "sbin" / "haproxy")


def _unpack(cache: Path, target: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        pytest.skip("HAProxy is not installed, and there is no apt to download Debian's package")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        unpacked = Path(scratch, "unpacked")
        for package, sha256 in _PACKAGES.items():
            words = ["apt-get", "download", "-q", package]
            done = subprocess.run(words, cwd=scratch, capture_output=True, text=True)
            if done.returncode != 0:
                pytest.skip(f"HAProxy is not installed, and apt does not have {package}")
            (archive,) = Path(scratch).glob(f"{package.partition('=')[0]}_*.deb")
            assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256, package
            subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
        unpacked.rename(target)


def _environment(program: str) -> dict[str, str]:
    libraries = next(Path(program).parents[2].glob("usr/lib/*/liblua5.3.so.0"), None)
    if libraries is None:
        return dict(os.environ)
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries.parent)}
