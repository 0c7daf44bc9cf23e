"""The command line: help for everything, one line for every error, no heavy imports."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.table import Table

from lmtx_search.cli.context import Context
from lmtx_search.cli.main import cli, main
from tests.support.command_tree import all_commands, command_named

PROGRAM = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize("name", all_commands(groups=True))
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert result.exit_code == 0
    _, _, example = result.output.partition("Example:\n")
    assert re.search(rf"\blmtx-search {name}\b", example)


@pytest.mark.parametrize("name", all_commands())
def test_every_command_can_print_json(name: str) -> None:
    assert "--json" in CliRunner().invoke(cli, [*name.split(), "--help"]).output


@pytest.mark.parametrize("name", all_commands(groups=True))
def test_every_option_has_help(name: str) -> None:
    context, command = command_named(name)
    for option in command.get_params(context):
        if isinstance(option, click.Option):
            assert option.help, option.opts


@pytest.mark.parametrize("name", all_commands(groups=True))
def test_help_breaks_no_name_of_an_option(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=80)
    assert not re.search(r"\w-$", result.output, re.MULTILINE)


@pytest.mark.parametrize("name", all_commands(groups=True))
def test_help_fits_into_80_columns(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=80)
    text, _, _ = result.output.partition("Example:\n")
    assert max(map(len, text.splitlines())) <= 80


def test_help_imports_no_heavy_library(tmp_path: Path) -> None:
    heavy = {"torch", "transformers", "onnxruntime", "opensearchpy", "ollama", "numpy"}
    assert not heavy & imported_by_help(tmp_path)


def test_help_imports_no_library_that_only_commands_need(tmp_path: Path) -> None:
    assert not {"pydantic", "rich", "importlib.metadata"} & imported_by_help(tmp_path)


def imported_by_help(folder: Path) -> set[str]:
    """Return the names of the modules that `lmtx-search --help` imports."""
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "sys.argv[1:] = ['--help']\n"
        "from lmtx_search.cli.main import main\n"
        "try: main()\n"
        "finally: print(*set(sys.modules) - before, file=sys.stderr)"
    )
    program = [sys.executable, "-c", script]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True)
    assert "Exit codes" in done.stdout, done.stderr
    return set(done.stderr.split())


def test_an_error_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "lmtx-search.toml").write_text("[opensearch]\nulr = 1\n")
    done = run("config", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: file lmtx-search.toml: unknown setting opensearch.ulr")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("config",), ("config", "--json"), ("--help",), ("--version",)])
def test_a_reader_that_has_ended_is_no_failure(tmp_path: Path, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = [*PROGRAM, *words]
    done = subprocess.run(program, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_does_its_work_though_nobody_reads(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = ["init", "--yes", "--url", "http://127.0.0.1:1"]  # prints before it writes
    done = subprocess.run([*PROGRAM, *words], cwd=tmp_path, stdout=writer, stderr=writer)
    os.close(writer)
    assert done.returncode == 0
    assert "127.0.0.1:1" in (tmp_path / "lmtx-search.toml").read_text()


def test_the_exit_code_tells_of_a_failure_that_nobody_reads(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = ["--url", "http://127.0.0.1:1", "doctor"]
    done = subprocess.run([*PROGRAM, *words], cwd=tmp_path, stdout=writer, stderr=writer)
    os.close(writer)
    assert done.returncode == 1


def test_output_that_finds_no_space_is_a_failure(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "config"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No space left on device")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tag"], "Error: the text is empty"),
        (["init"], "Error: nothing was written, because standard input has no answer"),
    ],
)
def test_standard_input_that_is_closed_has_nothing_in_it(
    tmp_path: Path, words: list[str], message: str
) -> None:
    command = shlex.join([*PROGRAM, *words]) + " <&-"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr
    assert "internal error" not in done.stderr


def test_output_that_is_closed_is_no_failure(tmp_path: Path) -> None:
    command = shlex.join([*PROGRAM, "config"]) + " >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=tmp_path).returncode == 0


def test_another_pipe_that_is_closed_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A connection that breaks in a command is hard to make."""

    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(click.Group, "invoke", broken)
    monkeypatch.setattr(sys, "argv", ["lmtx-search", "config"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("Error: a connection was closed")


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
    assert values["encoder.label_tokens"] == {"value": 64, "from": "default"}


def test_config_cuts_nothing_where_there_is_little_room(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    done = run("--data-dir", str(folder), "config", cwd=tmp_path)
    assert str(folder) in done.stdout
    assert "encoder.document_tokens" in done.stdout


@pytest.mark.parametrize(("columns", "squeezed"), [(None, False), ("60", True)])
def test_a_table_that_no_terminal_shows_is_squeezed_only_if_columns_says_so(
    columns: str | None,
    squeezed: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    table = Table("version", "encoder")
    table.add_row("20261129-185329-12c98e", "a long name of an encoder " * 4)
    Context().console.print(table)
    longest = max(map(len, capsys.readouterr().out.splitlines()))
    assert (longest <= 60) is squeezed
