"""Starts the HTTP tagger next to the embedded servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from lmtx_search.embedded.net import LOOPBACK, answers, wait_until
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.processes import Process, spawn
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import ENV_PREFIX, Settings, is_setting

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
    environ = tagger_environ(settings, port, os.environ)
    with progress.stage("Starting the tagger", 1, "servers") as advance:
        process = spawn("the tagger", command, places.logs / "tagger.log", environ)
        note(process)
        wait_until(lambda: answers(LOOPBACK, port), process, _SECONDS_TO_START)
        advance(1)


def tagger_environ(settings: Settings, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of `lmtx-search serve`, which runs in another folder.

    It has the settings that `serve` reads and that are set, secrets included, whether they come
    from the settings file, a variable or a flag. Other processes of the same user only can read
    them there, unlike a command line.
    """
    of_serve = {"opensearch": settings.opensearch, "service": settings.service}
    set_ = {
        f"{ENV_PREFIX}{name}_{key}".upper(): _as_variable(getattr(section, key))
        for name, section in of_serve.items()
        for key in section.model_fields_set
        if getattr(section, key) is not None
    }
    return {
        **{name: value for name, value in environ.items() if not is_setting(name)},
        **set_,
        "LMTX_DATA_DIR": str(settings.data_dir),
        "LMTX_CACHE_DIR": str(settings.cache_dir),
        "LMTX_SERVICE_HOST": LOOPBACK,
        "LMTX_SERVICE_PORT": str(port),
    }


def _as_variable(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value.absolute())
    return ",".join(value) if isinstance(value, tuple) else str(value)
