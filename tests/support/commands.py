"""Runs `lmtx-search` commands in forks of a process that has imported their libraries.

A new interpreter spends one to eight seconds of processor time on imports before a command begins,
which is most of what many tests would take. A fork has its own environment, folder and streams, and
ends like a program of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
# With what these import, among it torch, transformers and opensearch-py.
_FORKS.set_forkserver_preload(
    [
        *("lmtx_search.cli.main", "lmtx_search.library", "sentence_transformers"),
        *("scipy.optimize", "onnxruntime", "onnx"),
    ]
)


def run_command(
    words: Sequence[str],
    env: Mapping[str, str],
    cwd: str | Path,
    timeout: float,
    input: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `lmtx-search` with these words, and return its exit status and what it printed.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``timeout`` seconds, and was killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(input, "utf-8")
        process = _FORKS.Process(
            target=_become, args=(list(words), dict(env), str(cwd), [str(path) for path in streams])
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), timeout)
        printed = [path.read_text("utf-8") for path in streams[1:]]
    return subprocess.CompletedProcess(list(words), process.exitcode, *printed)


def _become(words: list[str], env: dict[str, str], cwd: str, streams: list[str]) -> None:
    """Turn this process into the command."""
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    # Those of the process that this one was forked from belong to its own streams.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["lmtx-search", *words]
    from lmtx_search.cli.main import main

    main()
