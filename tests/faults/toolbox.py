"""What fault tests break things with, and how they compare what came out."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lmtx_search.cluster.documents.scan import scan
from lmtx_search.embedded import servers
from lmtx_search.embedded.net import is_free
from lmtx_search.embedded.processes import is_alive
from lmtx_search.embedded.state import read_state
from lmtx_search.settings import load_settings
from lmtx_search.tag_fields import DEFAULT_FIELDS
from tests.support.tagger_service import LABELS

_PROGRAM = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]
_SECONDS = 300.0

WORDS = ("plays chess", "pages of the web", "sums in rows and columns", "letters by mail")


class Node:
    """The embedded OpenSearch of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._settings = load_settings(flags={"data_dir": data_dir})

    def kill(self) -> None:
        """Kill -9 it, and see that it is gone, and its ports are free for it to come back."""
        state = read_state(self._settings.data_dir)
        process = state.processes[servers.OPENSEARCH]
        os.kill(process.pid, signal.SIGKILL)
        wait(lambda: not is_alive(process))
        ports = [state.ports[name] for name in ("opensearch", "opensearch-transport")]
        wait(lambda: all(map(is_free, ports)))

    def start(self) -> None:
        """Start it again, at the same address and with its data, if it does not run."""
        servers.up(self._settings, tagger=False)


class Commands:
    """Runs `lmtx-search`, and kills it."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str | Path, **more: str) -> subprocess.Popen[str]:
        """Start a command; ``more`` are variables of its environment."""
        process = subprocess.Popen(
            [*_PROGRAM, *map(str, words)],
            env=self.environment | more,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; see that it ends as commands do."""
        return self.end(self.start(*words, **more))

    def end(self, process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        """Wait for a command's end; what went wrong is one line, and no traceback."""
        out, err = process.communicate(timeout=_SECONDS)
        code = process.returncode
        errors = [line for line in err.splitlines() if line.startswith("Error: ")]
        assert "Traceback" not in err, err
        assert "internal error" not in err, err
        told = len(errors) == 1 or (out.strip() and not errors)
        assert told if code in (1, 2) else not errors, (code, out, err)
        return subprocess.CompletedProcess(process.args, code, out, err)

    def must(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command that has to succeed."""
        done = self.run(*words, **more)
        assert done.returncode == 0, done.stderr
        return done

    def insist(self, *words: str | Path, times: int = 5) -> list[str]:
        """Give the same command until it succeeds; return what it said each time it did not."""
        said: list[str] = []
        while (done := self.run(*words)).returncode:
            said.append(done.stderr.splitlines()[-1])
            assert len(said) < times, said
        return said


def kill(process: subprocess.Popen[str]) -> None:
    """Kill -9 a command."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def wait(ready: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write a JSONL file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def documents(count: int) -> list[dict[str, Any]]:
    """Return documents that all differ."""
    return [
        {"id": f"d{number:05}", "text": f"{WORDS[number % len(WORDS)]} {number}", "n": number}
        for number in range(count)
    ]


def label_rows(count: int = 0) -> list[dict[str, Any]]:
    """Return the labels of the tagger tests, and so many more."""
    rows = [
        {"id": label.id, "text": label.text, "description": label.description} for label in LABELS
    ]
    return rows + [{"id": f"more-{n}", "text": f"subject number {n}"} for n in range(count)]


def hashes(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the content hash of each document by its id: what went in."""
    return {row["id"]: _hash(row) for row in rows}


def found(client: Any, index: str) -> dict[str, str]:
    """Return the content hash of each document of an index by its id: what is there.

    What tagging added is left out.
    """
    there: dict[str, str] = {}
    for hit in scan(client, index):
        assert hit["_id"] not in there
        source = hit["_source"]
        there[hit["_id"]] = _hash(
            {k: v for k, v in source.items() if k not in DEFAULT_FIELDS.written}
        )
    return there


def tags(client: Any, index: str) -> dict[str, list[str] | None]:
    """Return each document's tags, None for one that is not tagged."""
    return {
        hit["_id"]: hit["_source"].get("tags")
        if hit["_source"]["tagging"]["status"] == "tagged"
        else None
        for hit in scan(client, index)
    }


def labels(client: Any) -> dict[str, str]:
    """Return the digest of each label of the label index by its id."""
    hits = scan(client, "lmtx-labels", fields=("digest",))
    return {hit["_id"]: hit["_source"]["digest"] for hit in hits}


def _hash(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


def hold(seconds: float) -> None:
    """Let time pass, where time passing is the fault."""
    time.sleep(seconds)
