"""The command line: help for everything, one line for every error, no heavy imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import COMMANDS, cli


def commands() -> list[list[str]]:
    """Every command and subcommand, as the words that call it."""
    found = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [[name, sub] for sub in command.commands]
        else:
            found.append([name])
    return found


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]
    return subprocess.run([*program, *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"lmtx-search {' '.join(words)}" in result.output


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_can_print_json(words: list[str]) -> None:
    assert "--json" in CliRunner().invoke(cli, [*words, "--help"]).output


def test_help_loads_neither_torch_nor_the_cluster_client(tmp_path: Path) -> None:
    script = (
        "import sys; from lmtx_search.cli.main import cli; cli(['--help'], standalone_mode=False);"
        "sys.exit(bool({'torch', 'transformers', 'opensearchpy', 'ollama'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0


def test_an_error_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "lmtx-search.toml").write_text("[opensearch]\nulr = 1\n")
    done = run("config", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: file lmtx-search.toml: unknown setting opensearch.ulr")
    assert done.stderr.count("\n") == 1


def test_an_unknown_command_is_the_users_mistake(tmp_path: Path) -> None:
    done = run("bootstrap", cwd=tmp_path)
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_config_shows_each_value_and_its_origin(tmp_path: Path) -> None:
    done = run(
        "--url", "http://127.0.0.1:1", "--data-dir", str(tmp_path), "config", "--json", cwd=tmp_path
    )
    values = json.loads(done.stdout)
    assert values["opensearch.url"] == {"value": "http://127.0.0.1:1", "from": "flag"}
    assert values["encoder.dimension"] == {"value": 384, "from": "default"}


def test_config_cuts_nothing_where_there_is_little_room(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    done = run("--data-dir", str(folder), "config", cwd=tmp_path)
    assert str(folder) in done.stdout
    assert "encoder.document_tokens" in done.stdout
