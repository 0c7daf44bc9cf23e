"""What all commands have in common: settings flags and old names of options."""

from __future__ import annotations

import copy
from typing import Any

import click

from lmtx_search.cli.help import Formatter, write_options
from lmtx_search.cli.renamed import OPTIONS
from lmtx_search.cli.settings_flags import settings_flags


class Context(click.Context):
    """A click context whose help is written by :class:`Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command that takes the settings flags, and its options by their old names too."""

    context_class = Context

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's parameters, then the settings flags."""
        return [*super().get_params(ctx), *_flags_beside(self, ctx)]

    def make_parser(self, ctx: click.Context) -> Any:
        """Let the parser know the old names as well; help and errors show the new ones only."""
        parser = super().make_parser(ctx)
        for old, new in _old_names(ctx).items():
            option = copy.copy(next(param for param in self.params if new in param.opts))
            option.opts, option.secondary_opts = [old], []
            option.add_to_parser(parser, ctx)
        return parser

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; print one line for each old name among them."""
        words = args[: args.index("--")] if "--" in args else args
        used = {word.partition("=")[0] for word in words}
        if not ctx.resilient_parsing:
            for old, new in _old_names(ctx).items():
                if old in used:
                    line = f"Note: {old} is now {new}; the next release no longer takes {old}"
                    click.echo(line, err=True)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the command's own options, then the settings flags under a heading of their own."""
        write_options(formatter, ctx, self, settings_flags())


class Group(click.Group):
    """A group that takes the settings flags, of commands that take them too."""

    command_class = Command
    context_class = Context

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the group's parameters, then the settings flags."""
        return [*super().get_params(ctx), *_flags_beside(self, ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the group's own options, the settings flags, then the group's commands."""
        write_options(formatter, ctx, self, settings_flags())
        self.format_commands(ctx, formatter)


def command_words(ctx: click.Context) -> str:
    """Return the command's words without the program's name: ``labels load``."""
    words: list[str] = []
    while ctx.parent is not None:
        words.insert(0, ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(words)


def _old_names(ctx: click.Context) -> dict[str, str]:
    return OPTIONS.get(command_words(ctx), {})


def _flags_beside(command: click.Command, ctx: click.Context) -> list[click.Option]:
    """Return the settings flags whose names the command does not use for options of its own."""
    own = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    own |= _old_names(ctx).keys()
    return [flag for flag in settings_flags() if own.isdisjoint(flag.opts)]
