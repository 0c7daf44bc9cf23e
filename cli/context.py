"""What every command is given: settings, output (text or JSON) and progress."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

# What is imported where it is used makes `--help` quick.
if TYPE_CHECKING:
    from rich.console import Console

    from lmtx_search.progress import Progress
    from lmtx_search.settings import Settings, SettingsWithOrigins

P = ParamSpec("P")
R = TypeVar("R")

# Columns of a table that no terminal shows.
_WIDE = 500


class Context:
    """Holds where settings come from; loads them when a command first needs them.

    Attributes:
        config_file: the settings file of ``--config``.
        flags: settings that flags set, by dotted key (``opensearch.url``).
        read_file: whether the settings file is read; `init` makes it.
        json: whether the command prints its result as JSON.
    """

    def __init__(self) -> None:
        self.config_file: Path | None = None
        self.flags: dict[str, Any] = {}
        self.read_file = True
        self.json = False

    @functools.cached_property
    def _loaded(self) -> SettingsWithOrigins:
        from lmtx_search.settings import load_settings_with_origins

        return load_settings_with_origins(self.config_file, self.flags, read_file=self.read_file)

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self._loaded.settings

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each value of the settings came from, by dotted key; a default has no entry."""
        return self._loaded.origins

    @functools.cached_property
    def console(self) -> Console:
        """The console for results in text."""
        from lmtx_search.cli.terminal import SafeConsole

        # A table that is read by a program, or kept in a file, is not squeezed into 80 columns.
        has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
        return SafeConsole(highlight=False, soft_wrap=True, width=None if has_width else _WIDE)

    @functools.cached_property
    def progress(self) -> Progress:
        """Progress bars on standard error; plain lines if it is not a terminal."""
        if not sys.stderr.isatty():
            return Lines()
        from lmtx_search.cli.terminal import Bars

        return Bars()

    def say(self, text: str) -> None:
        """Print a line of text; nothing with ``--json``. Rich markup is not interpreted."""
        if not self.json:
            self.console.print(text, markup=False)

    def result(self, value: Mapping[str, Any]) -> None:
        """Print the command's result as JSON; nothing without ``--json``."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))


def pass_context(function: Callable[..., R]) -> Callable[..., R]:
    """Pass the command its :class:`Context` as the first argument, and add a ``--json`` flag."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @click.pass_obj
    @functools.wraps(function)
    def command(context: Context, /, *args: Any, as_json: bool, **kwargs: Any) -> R:
        context.json = context.json or as_json
        return function(context, *args, **kwargs)

    return command


def index_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse an empty index name, which would mean all indices."""
    if not value.strip():
        raise click.BadParameter("the name of the index is empty", context, parameter)
    return value


def one_index(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse a pattern too, because one index is needed."""
    if not {"*", ","}.isdisjoint(value):
        raise click.BadParameter(f"{value} is not the name of one index", context, parameter)
    return index_name(context, parameter, value)


def maybe_one_index(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Refuse what :func:`one_index` refuses; the option may be missing."""
    return None if value is None else one_index(context, parameter, value)


class Lines:
    """Progress for logs: a line every ten seconds, and one when a stage ends."""

    SECONDS_BETWEEN = 10.0

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        """Print the stage's pace every ten seconds, and its end."""
        import time

        started = last = time.monotonic()
        done = 0

        def advance(count: int) -> None:
            nonlocal done, last
            done += count
            now = time.monotonic()
            if now - last >= self.SECONDS_BETWEEN:
                last = now
                click.echo(self._line(name, done, total, unit, now - started), err=True)

        yield advance
        click.echo(self._line(name, done, None, unit, time.monotonic() - started), err=True)

    def note(self, text: str) -> None:
        """Print a line on standard error."""
        from lmtx_search.cli.terminal import print_note

        print_note(text)

    @staticmethod
    def _line(name: str, done: int, total: int | None, unit: str, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        line = f"{name}: {done:,}{f' of {total:,}' if total else ''} {unit}, {seconds:.0f} s"
        if rate:
            line += f", {rate:,.1f} {unit}/s"
        if total and rate and total > done:
            line += f", {(total - done) / rate:.0f} s left"
        return line
