"""README and docs name only what exists: commands, options, files, tests, settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import tomli

from lmtx_search.cli import renamed
from lmtx_search.cli.main import COMMANDS, cli
from lmtx_search.settings import Settings, flat_settings
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [(page, page.read_text(encoding="utf-8")) for page in PAGES]
pages = pytest.mark.parametrize(("page", "text"), TEXTS, ids=[page.name for page in PAGES])


@pages
def test_every_command_that_is_named_exists(page: Path, text: str) -> None:
    flags = r"(?:--(?:url|user|ca-file|ollama|model|encoder|data-dir|config) \S+ )*"
    named = re.findall(rf"(?:^|`|\$ |exec tagger )lmtx-search {flags}([a-z-]+)", text, re.M)
    assert {name for name in named if not name.startswith("-")} <= set(COMMANDS)


@pages
def test_every_option_that_is_shown_with_a_command_exists(page: Path, text: str) -> None:
    wrong = []
    for shown in _shown_commands(text):
        commands = ALL if shown.startswith("--") else _called(shown)
        known = {name for command in commands for name in _options(command)}
        known |= OLD_NAMES if shown.startswith("--") else set()
        options = re.findall(r"(?<!\S)--[a-z][a-z-]*", shown)
        wrong += [(shown, option) for option in options if commands[1:] and option not in known]
    assert wrong == []


def test_every_command_that_a_message_names_exists() -> None:
    wrong = []
    for file in [*(ROOT / "lmtx_search").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]:
        for shown in _named_in_messages(file):
            called, words = _called(shown), shown.split()
            after = words[len(called) - 1 :][:1]
            if isinstance(called[-1], click.Group) and re.match("[a-z]", "".join(after)):
                wrong.append((file.name, shown))
            known = {name for command in called for name in _options(command)}
            options = re.findall(r"(?<!\S)--[a-z][a-z-]*", shown)
            wrong += [(file.name, shown) for option in options if option not in known]
    assert wrong == []


def _named_in_messages(file: Path) -> Iterator[str]:
    """Give what follows `lmtx-search` in the texts of a file, with X for what is filled in."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "X"
            for part in parts
            if isinstance(part, (ast.Constant, ast.FormattedValue))
        )
        for shown in re.findall(r"`lmtx-search ([^`]+)`", text):
            yield " ".join(shown.split())


def _shown_commands(text: str) -> Iterator[str]:
    """Give each command line in the code blocks, and each inline code."""
    fenced = r"^```\w*\n(.*?)^```"
    for block in re.findall(fenced, text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.split(r"\s[#>&]", line.partition("lmtx-search ")[2])[0]
    for code in re.findall(r"`([^`]+)`", re.sub(fenced, "", text, flags=re.M | re.S)):
        yield " ".join(code.split()).removeprefix("lmtx-search ")


def _options(command: click.Command) -> Iterator[str]:
    for each in command.get_params(click.Context(command)):
        yield from [*each.opts, *each.secondary_opts]


def _all_commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _all_commands(found)


ALL = list(_all_commands(cli))
OLD_NAMES = {old for names in renamed.OPTIONS.values() for old in names}


def _called(shown: str) -> list[click.Command]:
    """Return the command that a line calls, after the groups that it belongs to."""
    called: list[click.Command] = [cli]
    for word in shown.split():
        group = called[-1]
        found = isinstance(group, click.Group) and group.get_command(click.Context(group), word)
        if found:
            called.append(found)
    return called


@pages
def test_every_file_that_is_linked_exists(page: Path, text: str) -> None:
    # These are made when the site is.
    made = {"index.md", "commands.md", "python.md"}
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    missing = [
        link
        for link in links
        if "://" not in link and link not in made and not (page.parent / link).exists()
    ]
    assert missing == []


@pages
def test_every_variable_that_is_named_is_a_setting(page: Path, text: str) -> None:
    known = {f"LMTX_{key.replace('.', '_').upper()}" for key in flat_settings(Settings())}
    known |= {"LMTX_TEST_BACKEND", "LMTX_DEBUG", "LMTX_FOLDER"}
    assert set(re.findall(r"LMTX_[A-Z_]+", text)) <= known


def test_every_module_that_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w./]+\.(?:py|js))`", text)
    missing = [
        path
        for path in named
        if not (ROOT / "lmtx_search" / path).exists() and not (ROOT / path).exists()
    ]
    assert missing == []


def test_the_layout_lists_the_layers_that_the_import_contract_enforces() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown: dict[int, set[str]] = {}
    for number, parts in re.findall(r"^\| (\d+) \| (`[^|]+`) \|", text, re.M):
        names = re.findall(r"`([\w]+)(?:\.py|/)`", parts)
        shown.setdefault(int(number), set()).update(names)
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    enforced = [set(layer.split(" | ")) for layer in layers]
    assert shown == dict(enumerate(enforced, start=1))


def test_the_layout_names_every_package_inside_a_part() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    layout = text[text.index("## Layout") : text.index("Outside the package")]
    inner = {path.parent.name for path in (ROOT / "lmtx_search").glob("*/*/__init__.py")}
    assert inner - set(re.findall(r"(\w+)/`", layout)) == set()


@pages
def test_every_measurement_that_is_named_exists(page: Path, text: str) -> None:
    assert [name for name in re.findall(r"bench/\w+\.py", text) if not (ROOT / name).exists()] == []


@pages
def test_every_test_that_is_named_exists(page: Path, text: str) -> None:
    named = re.findall(r"`(?:tests/)?((?:\w+/)?test_\w+\.py)`", text)
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
