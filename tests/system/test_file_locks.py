"""Two commands at once: one works, the other says so or waits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lmtx_search.errors import LmtxError
from lmtx_search.progress import Silent
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


class AtWait(Silent):
    """Does something when the wait for a lock begins."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        self.act()
        yield lambda advance: None


def test_if_the_first_removes_the_folder_at_its_end_the_waiting_one_still_shuts_others_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "folder" / "lock"
    first = ExitStack()
    first.enter_context(only_one(path, "`judge`"))

    def end() -> None:
        shutil.rmtree(path.parent)
        first.close()

    with (
        one_after_another(path, "judges", AtWait(end)),
        pytest.raises(LmtxError, match="already running"),
        only_one(path, "`judge`"),
    ):
        pytest.fail("two held the lock")
