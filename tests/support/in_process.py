"""Runs a `lmtx-search` command as a user does, but inside the tests' process, which is quick."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from lmtx_search.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


def call(
    *words: str | Path, environment: Mapping[str, str], folder: Path, stdin: bytes = b""
) -> Done:
    """Run the command with that environment in that folder."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            patch.object(sys, "argv", ["lmtx-search", *map(str, words)]),
            patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
            patch.dict(os.environ, environment, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code
    finally:
        os.chdir(before)
    assert isinstance(code, int)
    return Done(code, out.getvalue(), err.getvalue())
