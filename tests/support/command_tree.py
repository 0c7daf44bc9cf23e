"""The commands of the command line, by the words that call them."""

from __future__ import annotations

import click

from lmtx_search.cli.main import COMMANDS, cli


def all_commands(groups: bool = False) -> list[str]:
    """Return the words of every command (``labels load``), with ``groups`` also of the groups."""
    found = []
    for name in COMMANDS:
        _, command = command_named(name)
        if isinstance(command, click.Group):
            found += [f"{name} {sub}" for sub in command.commands]
        if not isinstance(command, click.Group) or groups:
            found.append(name)
    return found


def command_named(words: str) -> tuple[click.Context, click.Command]:
    """Return the command that is called by these words, and a context as it has when called."""
    context = click.Context(cli, info_name="lmtx-search")
    found: click.Command = cli
    for word in words.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(context, word)
        assert inner is not None, words
        found = inner
        context = click.Context(found, context, word)
    return context, found
