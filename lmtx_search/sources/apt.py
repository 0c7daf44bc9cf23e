"""Debian's package files, fetched and read by apt itself; works without root."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from lmtx_search.errors import LmtxError, UserError

_HELPER = Path("/usr/lib/apt/apt-helper")
Stanza = dict[str, str]


class Apt:
    """apt with its lists and cache in a separate folder; those of the system do not change.

    Raises:
        UserError: this machine has no apt.
        LmtxError: apt failed; the message ends with the last line of its output.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("apt-get") is None or not _HELPER.exists():
            raise UserError(
                "this machine has no apt: bring your own documents and labels as JSONL"
                " (make demo SOURCE=FOLDER, with labels.jsonl, train.jsonl, test.jsonl, gold.tsv)"
            )
        self._folder = folder
        self._lists = folder / "lists"
        for part in (self._lists / "partial", folder / "cache/archives/partial"):
            part.mkdir(parents=True, exist_ok=True)

    def update(self) -> None:
        """Fetch the package lists with their English descriptions."""
        # A broken source among others is ignored, as long as there are package lists.
        self._run("apt-get", "update", check=False)
        if not any(self._lists.glob("*_Packages*")):
            raise LmtxError(
                "apt-get update downloaded no package lists: check this machine's sources"
            )

    def unpacked(self, package: str) -> Path:
        """Download a package and return the folder that it was unpacked to."""
        target = self._folder / "packages" / package
        if not target.is_dir():
            self._run("apt-get", "download", package)
            (archive,) = self._folder.glob(f"{package}_*.deb")
            partial = target.with_suffix(".part")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            self._run("dpkg", "-x", str(archive), str(partial))
            partial.rename(target)
            archive.unlink()
        return target

    def packages(self) -> Iterator[Stanza]:
        """Yield the stanza of every package that the lists name."""
        return self._stanzas("*_Packages*")

    def translations(self) -> Iterator[Stanza]:
        """Yield the stanzas of the English descriptions."""
        return self._stanzas("*_Translation-en*")

    def _stanzas(self, pattern: str) -> Iterator[Stanza]:
        for path in sorted(self._lists.glob(pattern)):
            yield from read_stanzas(self._run(str(_HELPER), "cat-file", str(path)).splitlines())

    def _run(self, program: str, *arguments: str, check: bool = True) -> str:
        command = [program, *arguments]
        if program == "apt-get":
            options = {
                "Dir::State::Lists": self._lists,
                "Dir::Cache": self._folder / "cache",
                "Acquire::Languages": "en",
                "Debug::NoLocking": "1",
                # apt's download user may not enter a folder under a private home.
                "APT::Sandbox::User": "",
            }
            flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
            command[1:1] = ["-q", *flags]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, errors="replace"
        )
        if check and done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise LmtxError(f"{program} {arguments[0]} failed: {lines[-1]}")
        return done.stdout


def read_stanzas(lines: Iterable[str]) -> Iterator[Stanza]:
    """Read ``Field: value`` paragraphs; continuation lines keep their line breaks."""
    stanza: Stanza = {}
    field = ""
    for line in lines:
        if not line.strip():
            if stanza:
                yield stanza
            stanza, field = {}, ""
        elif line[0] in " \t":
            if field:
                stanza[field] += "\n" + line.strip()
        else:
            field, _, value = line.partition(":")
            stanza[field] = value.strip()
    if stanza:
        yield stanza


def prose(text: str) -> str:
    """Return a folded long description as plain text: " ." lines become empty ones."""
    return re.sub(r"\n\.(?=\n|$)", "\n", "\n" + text).strip()


def read_gzip_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a gzip file without their ends."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")
