"""Files are whole and right, or not there; a full disk is one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lmtx_search.embedded.files import (
    check_digest,
    megabytes,
    place_folder,
    scratch_folder,
    sha256_of,
    sweep,
    write_atomically,
)
from lmtx_search.errors import LmtxError

# A limit on the size of files is a fault of the kind of a full disk, and needs no root.
FULL_DISK = """
import resource, sys
from pathlib import Path
from lmtx_search.embedded.files import disk_full_is_one_line, scratch_folder
from lmtx_search.errors import LmtxError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
folder = Path(sys.argv[1])
try:
    with disk_full_is_one_line(folder, "downloading x.jar"), scratch_folder(folder) as scratch:
        (scratch / "x.jar").write_bytes(bytes(200_000))
except LmtxError as error:
    print(error)
"""


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True
    )
    assert done.stdout.startswith(f"no space left in {tmp_path} while downloading x.jar: free")
    assert list(tmp_path.iterdir()) == []


def test_a_digest_that_differs_names_the_file_and_both_digests(tmp_path: Path) -> None:
    path = tmp_path / "x.jar"
    path.write_bytes(b"something else")
    with pytest.raises(LmtxError, match=r"x\.jar .*SHA-256 is [0-9a-f]{16}…, expected 0000"):
        check_digest(path, "0" * 64, "x.jar")
    check_digest(path, sha256_of(path), "x.jar")


def test_a_scratch_folder_is_gone_after_a_fault_even_if_read_only(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch_folder(tmp_path) as scratch:
            (scratch / "a").mkdir()
            (scratch / "a" / "b").touch()
            (scratch / "a").chmod(0o555)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".partial-abc").mkdir()
    (tmp_path / ".partial-file").touch()
    (tmp_path / "whole").touch()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_an_older_one(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with scratch_folder(tmp_path) as scratch:
            (scratch / "x").mkdir()
            (scratch / "x" / name).touch()
            place_folder(scratch / "x", tmp_path / "place")
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["new"]


def test_bytes_are_reported_as_whole_megabytes() -> None:
    told: list[int] = []
    count = megabytes(told.append)
    for size in (400_000, 700_000, 2_900_000):
        count(size)
    assert told == [1, 3]
