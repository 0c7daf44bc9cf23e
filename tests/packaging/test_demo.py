"""The demo leaves the user's own data alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

# The real command, but nothing is started: `up` writes down its variables, and ends the demo.
PROGRAM = """#!/bin/sh
if [ "$1" = up ]; then env > environment; exit 1; fi
exec {python} -c "from lmtx_search.cli.main import main; main()" "$@"
"""


def test_the_demo_takes_no_settings_from_the_users_variables(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "taggers").mkdir(parents=True)
    for folder in ("bin", "examples", "demo-run", "collection"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "examples" / "demo.sh", tmp_path / "examples")
    program = tmp_path / "bin" / "lmtx-search"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    # As after an earlier demo, whose data the next one deletes.
    (tmp_path / "demo-run" / "lmtx-search.toml").write_text('data_dir = "data"\n')
    (tmp_path / "demo-run" / "data" / "runs").mkdir(parents=True)
    kept = {"LMTX_JUDGE_RUNTIME": "ollama", "LMTX_CACHE_DIR": str(tmp_path / "cache")}
    environment = {
        **os.environ,
        **kept,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LMTX_DATA_DIR": str(own),
        "lmtx_opensearch_url": "http://127.0.0.1:1",
    }
    done = subprocess.run(
        [tmp_path / "examples" / "demo.sh", tmp_path / "collection"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (own / "taggers").is_dir()
    assert not (tmp_path / "demo-run" / "data" / "runs").exists()
    lines = (tmp_path / "demo-run" / "environment").read_text().splitlines()
    seen = dict(line.split("=", 1) for line in lines if line.upper().startswith("LMTX_"))
    assert seen == kept
    assert "LMTX_DATA_DIR" in done.stdout
    assert "lmtx_opensearch_url" in done.stdout
