"""Starts the HTTP tagger next to the embedded servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from lmtx_search.embedded.net import LOOPBACK, answers, wait_until
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.processes import Process, spawn
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings

_SECONDS_TO_START = 120.0


def start_tagger(
    settings: Settings,
    places: Places,
    port: int,
    note: Callable[[Process], None],
    progress: Progress = SILENT,
) -> None:
    """Start `lmtx-search serve` on that port and wait until it listens."""
    # The same interpreter, wherever the console script lies.
    command = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()", "serve"]
    environ = {
        **os.environ,
        "LMTX_DATA_DIR": str(settings.data_dir),
        "LMTX_CACHE_DIR": str(settings.cache_dir),
        "LMTX_SERVICE_HOST": LOOPBACK,
        "LMTX_SERVICE_PORT": str(port),
        "LMTX_SERVICE_THREADS": str(settings.service.threads),
    }
    with progress.stage("Starting the tagger", 1, "servers") as advance:
        process = spawn("the tagger", command, places.logs / "tagger.log", environ)
        note(process)
        wait_until(lambda: answers(LOOPBACK, port), process, _SECONDS_TO_START)
        advance(1)
