"""What every command is given: settings, output (text or JSON) and progress bars."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from lmtx_search.progress import Progress
from lmtx_search.settings import Settings, SettingsWithOrigins, load_settings_with_origins

P = ParamSpec("P")
R = TypeVar("R")


# All but tab and end of line.
_CONTROL = dict.fromkeys([*range(9), *range(11, 32), 127])


class _SafeConsole(Console):
    """Removes control characters, which a terminal would obey, from other people's texts."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(text.translate(_CONTROL), **options)


class Context:
    """Holds where settings come from; loads them when a command first asks."""

    def __init__(self, config_file: Path | None, flags: Mapping[str, Any]) -> None:
        self.config_file = config_file
        self._flags = flags
        self.json = False

    @functools.cached_property
    def _loaded(self) -> SettingsWithOrigins:
        return load_settings_with_origins(self.config_file, self._flags)

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
        """Where results for people are printed."""
        return _SafeConsole(highlight=False, soft_wrap=True)

    @functools.cached_property
    def progress(self) -> Progress:
        """Progress bars on standard error; plain lines where it is no terminal."""
        return Bars() if sys.stderr.isatty() else Lines()

    def say(self, text: str) -> None:
        """Print a line for people; nothing with ``--json``. Rich markup is not interpreted."""
        if not self.json:
            self.console.print(text, markup=False)

    def result(self, value: Mapping[str, Any]) -> None:
        """Print the command's result for scripts; nothing without ``--json``."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))


def pass_context(function: Callable[..., R]) -> Callable[..., R]:
    """Give the command its :class:`Context` as first argument, and a ``--json`` flag."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @click.pass_obj
    @functools.wraps(function)
    def command(context: Context, /, *args: Any, as_json: bool, **kwargs: Any) -> R:
        context.json = as_json
        return function(context, *args, **kwargs)

    return command


def index_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse a blank for an index's name: it would stand for all indices."""
    if not value.strip():
        raise click.BadParameter("an index has a name", context, parameter)
    return value


def one_index(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse a pattern too, where one index is meant."""
    if not {"*", ","}.isdisjoint(value):
        raise click.BadParameter(f"{value} is no name of one index", context, parameter)
    return index_name(context, parameter, value)


def maybe_one_index(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Refuse what :func:`one_index` refuses; nothing given is fine."""
    return None if value is None else one_index(context, parameter, value)


def _print_note(text: str) -> None:
    _SafeConsole(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f} {task.fields['unit']}/s" if speed else "", style="cyan")


class _ShortRate(_Rate):
    def render(self, task: Task) -> Text:
        text = super().render(task)
        return Text(text.plain.replace(f" {task.fields['unit']}", ""), style="cyan")


# Columns of a terminal that a whole bar needs, and a short one: its figures would be cut off.
_WIDE, _NARROW = 120, 80


def _columns(width: int) -> tuple[ProgressColumn, ...]:
    name, count, left = (
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    if width < _NARROW:
        return (name, count, _ShortRate(), left)
    if width < _WIDE:
        return (name, BarColumn(bar_width=15), count, _ShortRate(), left)
    return (SpinnerColumn(), name, BarColumn(), count, _Rate(), TimeElapsedColumn(), left)


class Bars:
    """Progress bars with counts, rates and time left."""

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        """Show one bar until the block ends."""
        console = Console(stderr=True)
        with RichProgress(*_columns(console.width), console=console) as progress:
            task = progress.add_task(name, total=total, unit=unit)
            yield lambda advance: progress.advance(task, advance)

    def note(self, text: str) -> None:
        """Print a line on standard error."""
        _print_note(text)


class Lines:
    """Progress for logs: a line when a stage starts, now and then, and when it ends."""

    SECONDS_BETWEEN = 10.0

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        """Print the stage's start, its pace every ten seconds, and its end."""
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
        _print_note(text)

    @staticmethod
    def _line(name: str, done: int, total: int | None, unit: str, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        line = f"{name}: {done:,}{f' of {total:,}' if total else ''} {unit}, {seconds:.0f} s"
        if rate:
            line += f", {rate:,.1f} {unit}/s"
        if total and rate and total > done:
            line += f", {(total - done) / rate:.0f} s left"
        return line
