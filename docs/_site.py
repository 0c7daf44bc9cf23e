"""Pages of the site that are made from something else: README.md, the commands, the notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

from lmtx_search.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
_WIDTH = 98


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    notebook, _ = MarkdownExporter().from_filename(str(ROOT / "docs" / "python.ipynb"))
    pages = {"index.md": readme(), "commands.md": commands(), "python.md": notebook}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_content(html: str, **_: object) -> str:
    """Leave out Sphinx's roles, which the docstrings have: ``:class:`` before a name."""
    return re.sub(r":(?:func|class|mod|meth|attr):(?=<)", "", html)


def readme() -> str:
    """Return README.md with links as they are from the site's folder."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    return text.replace("](python.ipynb)", "](python.md)")


def commands() -> str:
    """Return the help of every command, as `--help` prints it."""
    parts = ["# Commands", "What `lmtx-search COMMAND --help` prints.", _block([])]
    for name in COMMANDS:
        parts += [f"## {name}", *map(_block, _words(name))]
    return "\n\n".join(parts) + "\n"


def _words(name: str) -> Iterator[list[str]]:
    yield [name]
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        for sub in command.commands:
            yield [name, sub]


def _block(words: list[str]) -> str:
    """Return the help of the command that is called by these words."""
    context = click.Context(cli, info_name="lmtx-search", terminal_width=_WIDTH)
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command = found
        context = click.Context(command, context, word, terminal_width=_WIDTH)
    return f"```text\n{command.get_help(context)}\n```"
