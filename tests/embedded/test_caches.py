"""The locks of the caches that several commands fill."""

from __future__ import annotations

import threading
from pathlib import Path

from lmtx_search.embedded.files import scratch_folder
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.servers import prepared
from lmtx_search.progress import SILENT
from lmtx_search.system.file_locks import one_after_another


def places(folder: Path) -> Places:
    return Places(folder / "cache", folder / "state", folder / "nodes", folder / "data", None)


def test_a_build_of_ollama_keeps_no_other_command_waiting(tmp_path: Path) -> None:
    found = places(tmp_path)
    builds = found.cache / "ollama"
    done = threading.Event()

    def prepare() -> None:
        with prepared(found, SILENT):
            done.set()

    with (
        one_after_another(builds / "lock", "builds Ollama"),
        scratch_folder(builds) as building,
        scratch_folder(building) as part,
    ):
        threading.Thread(target=prepare).start()
        assert done.wait(timeout=30)
        assert part.is_dir()


def test_what_a_killed_download_left_is_removed(tmp_path: Path) -> None:
    found = places(tmp_path)
    left = found.cache / "downloads" / "maven" / ".partial-killed"
    left.mkdir(parents=True)
    with prepared(found, SILENT):
        assert not left.exists()
