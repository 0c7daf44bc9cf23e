"""Messages name options: each is an option of the command that prints the message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmtx_search.cli.commands import COMMANDS
from lmtx_search.cli.settings_flags import settings_flags
from tests.support.command_tree import all_commands, command_named
from tests.support.paths import ROOT

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# A command with its words: in backticks, or after the program's name.
CALL = re.compile(r"`([^`]*)`|lmtx-search ([a-z][^;,:(`]*)")
FLAGS = {opt for flag in settings_flags() for opt in (*flag.opts, *flag.secondary_opts)}

LOADING = {"docs load", "ingest"}
MEASURING = {"compare", "evaluate", "report", "study"}
# File → the commands that print its messages, where the file's place does not tell.
PRINTED_BY = {
    "cli/confirm.py": {"down", "labels load", "labels retire", "taggers prune"},
    "cli/evaluation_tables.py": {"evaluate"},
    "cli/facet_tables.py": {"facets"},
    "cli/gold_options.py": MEASURING,
    "cli/given_text.py": {"tag"},
    "cli/labels_load.py": {"labels load"},
    "cli/questions.py": {"init"},
    "cli/sizing.py": {"estimate"},
    "cli/stream.py": {"tag"},
    "cli/main.py": set(all_commands(groups=True)),
    "cli/training_options.py": {"estimate", "train"},
    "lmtx_search/cluster/dashboards/api.py": {"dashboards import"},
    "lmtx_search/cluster/dashboards/importing.py": {"dashboards import"},
    "lmtx_search/cluster/dashboards/scope.py": {"dashboards export", "dashboards import"},
    "lmtx_search/cluster/documents/checkpoint.py": LOADING,
    "lmtx_search/cluster/facets/over_time.py": {"facets"},
    "lmtx_search/cluster/ml/local_models.py": {"deploy"},
    "lmtx_search/cluster/documents/own_values.py": LOADING,
    "lmtx_search/cluster/setup/own_fields.py": {"attach", "retag"},
    "lmtx_search/cluster/setup/text_fields.py": {"attach"},
    "lmtx_search/tagging/own_tags.py": {"retag"},
    "lmtx_search/doctor/cluster.py": {"attach"},
    "lmtx_search/cluster/setup/roles.py": {"bootstrap-index"},
    "lmtx_search/doctor/tagger.py": {"deploy"},
    "lmtx_search/evaluation/comparators/ceiling.py": {"compare"},
    "lmtx_search/evaluation/comparison/open_context.py": {"compare"},
    "lmtx_search/evaluation/gold/coverage.py": MEASURING,
    "lmtx_search/evaluation/gold/files.py": MEASURING,
    "lmtx_search/evaluation/studies/base.py": {"study"},
    "lmtx_search/evaluation/studies/run.py": {"study"},
    "lmtx_search/sources/annif.py": {"labels load"},
    "lmtx_search/sources/document_formats.py": LOADING | MEASURING | {"review"},
    "lmtx_search/sources/document_check.py": LOADING,
    "lmtx_search/sources/tab_separated.py": LOADING | MEASURING | {"review"},
    "lmtx_search/sources/feed.py": LOADING | MEASURING | {"review"},
    "lmtx_search/sources/labels.py": {"labels load"},
    "lmtx_search/sources/ticket_columns.py": LOADING | MEASURING | {"review"},
    "lmtx_search/tagging/deployment/deploy.py": {"deploy"},
    "lmtx_search/tagging/deployment/differences.py": {"deploy"},
    "lmtx_search/tagging/deployment/encoder_source.py": {"deploy"},
    "lmtx_search/tagging/deployment/options.py": {"deploy"},
    "lmtx_search/tagging/in_cluster/archive.py": {"deploy"},
    "lmtx_search/tagging/in_cluster/tokenizer.py": {"deploy"},
    "lmtx_search/tagging/stream_output.py": {"tag"},
    "lmtx_search/tagging/service/server.py": {"serve", "ui"},
    "lmtx_search/training/estimate.py": {"estimate"},
    "lmtx_search/training/settings.py": {"estimate", "judge", "train"},
    "lmtx_search/training/static_encoder/distil.py": {"deploy"},
    "lmtx_search/training/static_encoder/held_out.py": {"deploy"},
    "lmtx_search/training/static_encoder/student_folder.py": {"deploy"},
    "lmtx_search/training/teacher/enough.py": {"judge", "train"},
}


def texts(file: Path) -> Iterator[str]:
    """Yield every text of the file but docstrings, as one line; ``{}`` stands for values."""
    tree = ast.parse(file.read_text("utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield " ".join("".join(map(str, parts)).split())
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in skipped or OPTION.fullmatch(node.value):
                continue
            yield " ".join(node.value.split())


def mentions() -> list[tuple[str, str]]:
    """Return the file and the text of each message that names an option."""
    found = []
    for folder in ("lmtx_search", "cli"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith("lmtx_search/embedded/"):  # options of other programs
                found += [(name, text) for text in texts(file) if OPTION.search(text)]
    return found


def options(command: str) -> set[str]:
    context, found = command_named(command)
    return {
        opt for param in found.get_params(context) for opt in (*param.opts, *param.secondary_opts)
    }


def called(words: str) -> str | None:
    """Return the command that the words call: the longest name that they begin with."""
    first = words.removeprefix("lmtx-search ").split()[:2]
    for name in (" ".join(first), *first[:1]):
        if name in all_commands(groups=True):
            return name
    return None


def commands_of(file: str) -> set[str]:
    """Return the commands that print a file's messages."""
    if file in PRINTED_BY:
        return PRINTED_BY[file]
    modules = {name: f"cli/{where.split(':')[0]}.py" for name, (where, _) in COMMANDS.items()}
    return {name for name in all_commands() if modules[name.split()[0]] == file}


@pytest.mark.parametrize(("file", "text"), mentions())
def test_a_message_names_an_option_that_the_command_has(file: str, text: str) -> None:
    for call in CALL.finditer(text):
        words = call[1] or call[2]
        command = called(words)
        if command is not None:
            assert set(OPTION.findall(words)) <= options(command), words
            text = text.replace(call[0], "")
    named = set(OPTION.findall(text))
    commands = commands_of(file)
    if not commands:
        assert named <= FLAGS, f"{file}: which commands print this? PRINTED_BY says it"
        return
    having = [command for command in commands if named <= options(command)]
    # A command's own file may hold messages of several commands.
    assert having if file.startswith("cli/") else len(having) == len(commands), named


def test_the_remedy_of_a_judge_that_gives_no_answer_is_an_option_of_train() -> None:
    assert {"--model", "--ollama", "--encoder", "--url"} <= options("train")


def test_files_that_are_named_here_exist_and_name_options() -> None:
    assert PRINTED_BY.keys() <= {file for file, _ in mentions()}
