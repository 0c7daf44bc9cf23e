"""What all commands have in common: settings flags, old names, headings, confirmation."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from lmtx_search.cli.commands import COMMANDS, SECTIONS
from lmtx_search.cli.context import Context
from lmtx_search.cli.grammar import Command, Group
from lmtx_search.cli.main import cli
from lmtx_search.cli.renamed import OPTIONS
from lmtx_search.cli.settings_flags import given_flags, settings_flags
from tests.support.command_tree import all_commands, command_named

NOWHERE = "http://127.0.0.1:1"
FLAGS = [flag.opts[0] for flag in settings_flags()]
DELETING = ("down", "labels retire", "taggers prune")


def run(*words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(cli, words, input=input, prog_name="lmtx-search")


def values(*words: str) -> dict[str, dict[str, object]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, dict[str, object]] = json.loads(result.stdout)
    return told


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", all_commands(groups=True))
def test_every_command_takes_the_settings_flags(name: str) -> None:
    context, command = command_named(name)
    assert isinstance(command, (Command, Group))
    assert set(FLAGS) - options_of(context, command) == OPTIONS.get(name, {}).keys() & set(FLAGS)


@pytest.mark.parametrize("words", [("--url", NOWHERE, "config"), ("config", "--url", NOWHERE)])
def test_a_settings_flag_works_before_and_after_the_name(words: tuple[str, ...]) -> None:
    assert values(*words)["opensearch.url"] == {"value": NOWHERE, "from": "flag"}


def test_a_settings_flag_works_between_a_group_and_its_command() -> None:
    result = run("labels", "--config", "none.toml", "load", "labels.jsonl")
    assert "no settings file none.toml" in str(result.exception)


def test_the_flag_further_right_counts() -> None:
    told = values("--model", "first", "config", "--model", "second")
    assert told["ollama.model"]["value"] == "second"


def test_a_settings_file_can_be_named_after_the_command(folder: Path) -> None:
    (folder / "own.toml").write_text('[ollama]\nmodel = "own"\n')
    told = values("config", "--config", "own.toml")
    assert told["ollama.model"] == {"value": "own", "from": "file own.toml"}


def test_a_flag_with_two_forms_sets_either_value() -> None:
    assert values("config", "--no-verify")["opensearch.verify"]["value"] is False
    assert values("--no-verify", "config", "--verify")["opensearch.verify"]["value"] is True


def test_the_next_command_gets_the_same_settings_flags() -> None:
    context = Context()
    assert given_flags(context) == ""
    words = ("--config", "my own.toml", "--no-verify", "--model", "a:b", "--data-dir", "x y")
    with click.Context(cli, obj=context) as ctx:
        cli.parse_args(ctx, [*words, "config"])
    assert given_flags(context) == f" {shlex.join(words)}"
    assert given_flags(context, config_only=True) == " --config 'my own.toml'"


@pytest.mark.parametrize("name", all_commands())
def test_no_seed_is_below_zero(name: str) -> None:
    _, command = command_named(name)
    for param in command.params:
        if "--seed" in param.opts:
            assert isinstance(param.type, click.IntRange)
            assert param.type.min == 0


def test_no_command_uses_the_name_of_a_settings_flag_for_something_else() -> None:
    for name in all_commands(groups=True):
        _, command = command_named(name)
        assert not {opt for param in command.params for opt in param.opts} & set(FLAGS), name


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [(name, old, new) for name, olds in OPTIONS.items() for old, new in olds.items()],
)
def test_an_old_name_works_and_says_the_new_one(name: str, old: str, new: str) -> None:
    context, command = command_named(name)
    (option,) = (param for param in command.params if new in param.opts)
    value = "chosen"
    required = [param for param in command.params if param.required and param is not option]
    words = [f"--{param.name}=x" if isinstance(param, click.Option) else "x" for param in required]
    for given in ([old, value], [f"{old}={value}"]):
        with click.Context(command, context.parent, name.split()[-1]) as fresh:
            runner = CliRunner()
            with runner.isolation() as streams:
                command.parse_args(fresh, [*words, *given])
            said = streams[1].getvalue().decode()
        assert option.name is not None
        assert fresh.params[option.name] in (value, (value,))
        assert said == f"Note: {old} is now {new}; the next release no longer takes {old}\n"


@pytest.mark.parametrize("name", OPTIONS)
def test_help_does_not_show_old_names(name: str) -> None:
    shown = run(*name.split(), "--help").output
    for old, new in OPTIONS[name].items():
        assert f"  {old} " not in shown
        assert new in shown


def test_an_old_name_as_the_text_of_an_argument_is_no_option() -> None:
    result = run("facets", "--index", "a", "--config", "none.toml", "--", "--tag")
    assert "is now" not in result.stderr


def test_an_error_names_the_new_option_only() -> None:
    result = run("judge", "--judge-budget")
    assert "Option '--judge-budget' requires an argument" in result.output


def test_every_command_is_under_one_heading() -> None:
    listed = Counter(name for section in SECTIONS.values() for name in section)
    assert set(listed.values()) == {1}
    shown = run("--help").output
    starts = Counter(line.split()[0] for line in shown.splitlines() if line.startswith("  "))
    assert {name: starts[name] for name in COMMANDS} == dict.fromkeys(COMMANDS, 1)
    for heading in SECTIONS:
        assert f"\n{heading}:\n" in shown


def test_headings_are_in_the_order_of_the_work() -> None:
    shown = run("--help").output
    places = [shown.index(f"\n  {name} ") for name in ("up", "labels", "train", "deploy", "ingest")]
    assert places == sorted(places)


def test_help_lists_the_exit_codes() -> None:
    shown = run("--help").output
    assert [code for code in ("0", "1", "2", "130") if f"\n    {code:<5}" in shown] == [
        "0",
        "1",
        "2",
        "130",
    ]


@pytest.mark.parametrize("name", DELETING)
def test_what_deletes_can_be_tried_and_confirmed(name: str) -> None:
    context, command = command_named(name)
    assert {"--dry-run", "--yes"} <= options_of(context, command)


def data(folder: Path) -> Path:
    kept = folder / "data" / "taggers" / "1"
    kept.mkdir(parents=True)
    return kept


DOWN = ("down", "--data-dir", "data", "--delete-data")


def test_a_dry_run_deletes_nothing(folder: Path) -> None:
    kept = data(folder)
    result = run(*DOWN, "--dry-run")
    assert f"would be deleted  {kept.parent}" in result.stdout
    assert kept.is_dir()


def test_a_no_deletes_nothing(folder: Path) -> None:
    kept = data(folder)
    result = run(*DOWN, input="n\n")
    assert (result.exit_code, kept.is_dir()) == (1, True)
    assert "Nothing was deleted." in result.stderr


def test_a_yes_deletes(folder: Path) -> None:
    kept = data(folder)
    result = run(*DOWN, input="y\n")
    assert (result.exit_code, kept.is_dir()) == (0, False)
    assert f"This deletes {kept.parent}. Continue?" in result.stderr


def test_yes_asks_no_question(folder: Path) -> None:
    kept = data(folder)
    result = run(*DOWN, "--yes")
    assert (result.exit_code, kept.is_dir()) == (0, False)
    assert "Continue?" not in result.stderr


def test_a_script_that_cannot_answer_is_told_what_to_give(folder: Path) -> None:
    kept = data(folder)
    result = run(*DOWN, input="")
    assert kept.is_dir()
    assert "--yes confirms, and --dry-run shows" in str(result.exception)


@pytest.mark.parametrize(
    ("option", "commands"),
    [
        ("--query", {"docs load", "facets", "retag"}),
        ("--judge-budget", {"estimate", "judge", "study", "train"}),
        ("--tagger", {"evaluate", "tag"}),
        ("--with", {"facets"}),
    ],
)
def test_one_name_stands_for_one_thing(option: str, commands: set[str]) -> None:
    having = {name for name in all_commands() if option in options_of(*command_named(name))}
    assert having == commands


def test_query_is_explained_with_the_same_words_everywhere() -> None:
    texts = set()
    for name in ("docs load", "facets", "retag"):
        _, command = command_named(name)
        (option,) = (param for param in command.params if param.name == "query")
        assert isinstance(option, click.Option)
        texts.add(option.help)
    assert len(texts) == 1


def options_of(context: click.Context, command: click.Command) -> set[str]:
    return {opt for param in command.get_params(context) for opt in param.opts}


@pytest.mark.parametrize(
    "words",
    [("judgments", "export", "-", "--format", "csv"), ("dashboards", "export", "--output", "-")],
)
def test_json_is_refused_if_the_content_goes_to_standard_output(words: tuple[str, ...]) -> None:
    result = run(*words, "--json")
    assert result.exit_code == 2
    assert "--json needs a file" in result.output
