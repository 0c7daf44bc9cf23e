"""Shell completion: for each shell, without importing what a command needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli

PROGRAM = (
    "import sys; sys.argv[0] = 'lmtx-search'; from lmtx_search.cli.main import main\n"
    "try: main()\n"
    "finally: print('torch' in sys.modules or 'opensearchpy' in sys.modules, file=sys.stderr)"
)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert "_LMTX_SEARCH_COMPLETE" in result.output


def test_names_are_completed_without_importing_the_commands(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "_LMTX_SEARCH_COMPLETE": "bash_complete",
        "COMP_WORDS": "lmtx-search de",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["plain,deploy", "plain,detach"]
    assert done.stderr.strip() == "False"


def test_a_word_that_is_no_command_gets_the_one_that_was_meant() -> None:
    result = CliRunner().invoke(cli, ["bootstrap"])
    assert result.exit_code == 2
    assert "did you mean `lmtx-search bootstrap-index`?" in result.output.replace(
        "cli ", "lmtx-search "
    )
