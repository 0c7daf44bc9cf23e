"""The demo leaves the user's own data alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
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
    assert done.returncode == 1
    told, _, took = done.stdout.partition("It failed after ")
    assert told
    assert took.splitlines()[-1].endswith(" s  lmtx-search up (failed)")


# It does nothing, and has the record of a run.
IDLE = """#!/bin/sh
case "$1 $2" in
"runs --most") echo '{"runs": [{"id": "r1"}]}' ;;
"runs show") echo '{"run": "'"$3"'", "seconds": {"judge": 300.2, "load": 0.1, "all": 301}}' ;;
esac
"""


def test_the_demo_ends_with_what_took_how_long_from_the_set_up_on(tmp_path: Path) -> None:
    for folder in ("bin", "examples", "collection"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "examples" / "demo.sh", tmp_path / "examples")
    program = tmp_path / "bin" / "lmtx-search"
    program.write_text(IDLE)
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "LMTX_JUDGE_RUNTIME": "ollama",
        "DEMO_STARTED": str(int(time.time()) - 1000),
    }
    done = subprocess.run(
        [tmp_path / "examples" / "demo.sh", tmp_path / "collection"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    total, *rows = done.stdout.partition("All of this took ")[2].splitlines()
    assert int(total.split()[0]) >= 1000
    parts = [(int(row.split()[0]), row.split(" s  ", 1)[1]) for row in rows]
    assert parts[0][1] == "make setup"
    assert parts[0][0] >= 1000
    names = [name for _, name in parts]
    assert parts[names.index("lmtx-search train") + 1] == (300, "  of this: judge")
    assert sum("of this" in name for name in names) == 1
    assert names[-1] == "lmtx-search down"
