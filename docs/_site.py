"""Generates the pages of the site with another source: README.md, the commands, the notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

from lmtx_search.cli.commands import SECTIONS
from lmtx_search.cli.main import cli

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
    """Remove the Sphinx roles of the docstrings, such as ``:class:`` before a name."""
    return re.sub(r":(?:func|class|mod|meth|attr):(?=<)", "", html)


def readme() -> str:
    """Return README.md with its links relative to the folder of the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    return text.replace("](python.ipynb)", "](python.md)")


def commands() -> str:
    """Return the help of every command, as `--help` prints it."""
    parts = ["# Commands", "What `lmtx-search COMMAND --help` prints.", _block([])]
    for section, names in SECTIONS.items():
        parts.append(f"## {section}")
        for name in names:
            parts += [f"### {name}", *map(_block, _words(name))]
    return "\n\n".join(parts) + "\n"


def _words(name: str) -> Iterator[list[str]]:
    yield [name]
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        for sub in command.commands:
            yield [name, sub]


def _block(words: list[str]) -> str:
    """Return the help of the command with these words."""
    command: click.Command = cli
    context = cli.context_class(cli, info_name="lmtx-search", terminal_width=_WIDTH)
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command = found
        context = command.context_class(command, context, word, terminal_width=_WIDTH)
    return f"```text\n{command.get_help(context)}\n```"
