"""Why a build of Ollama failed is told by the line that says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lmtx_search.embedded.net import wait_for
from lmtx_search.embedded.ollama_build import failure, run_build
from lmtx_search.system.process_identity import stat

MODULE = "go: downloading github.com/pkg/errors v0.9.1"


def test_the_error_is_told_and_not_the_name_of_a_module() -> None:
    lines = [MODULE, "github.com/pkg/errors", "ggml.cpp:1:10: fatal error: ggml.h: no such file"]
    assert failure(lines) == lines[2]


def test_without_an_error_the_last_message_is_told() -> None:
    assert failure([MODULE, "go: build interrupted", "net/http"]) == "go: build interrupted"


def test_an_interrupted_build_ends_with_all_that_it_started(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    seen: list[int] = []

    def interrupted(count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            raise KeyboardInterrupt

    script = "echo $$ >&2; sleep 600 & echo $! >&2; wait"
    with pytest.raises(KeyboardInterrupt):
        run_build(["sh", "-c", script], os.environ, tmp_path, log, interrupted)
    for pid in map(int, log.read_text().split()):
        wait_for(lambda pid=pid: stat(pid) is None, "the end", 60)


def test_modules_alone_tell_nothing() -> None:
    assert failure([MODULE]) == "go install failed"
