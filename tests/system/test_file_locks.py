"""Two commands at once: one works, the other says so or waits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lmtx_search.errors import LmtxError
from lmtx_search.system.file_locks import one_after_another, only_one

HOLD = """
import sys
from pathlib import Path
from lmtx_search.system.file_locks import only_one
with only_one(Path(sys.argv[1]), "x"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until a line is written to it."""
    command = [sys.executable, "-c", HOLD, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_says_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        holder(path) as process,
        pytest.raises(LmtxError, match=rf"already running \(process {process.pid}\)"),
        only_one(path, "`up`"),
    ):
        pytest.fail("two held the lock")


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        process.kill()
        process.wait()
        with only_one(path, "`up`"):
            pass


def test_a_waiting_one_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with one_after_another(path, "downloads"):
            assert process.wait() == 0
