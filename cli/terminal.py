"""What a terminal shows: texts without control characters, and progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

# All control characters but tab and end of line.
_CONTROL = dict.fromkeys([*range(9), *range(11, 32), 127])


class SafeConsole(Console):
    """Prints texts without the control characters that a terminal would obey."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text, control characters removed."""
        return super().render_str(text.translate(_CONTROL), **options)


def print_note(text: str) -> None:
    """Print a line on standard error, without the control characters of other people's texts."""
    SafeConsole(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f} {task.fields['unit']}/s" if speed else "", style="cyan")


class _ShortRate(_Rate):
    def render(self, task: Task) -> Text:
        text = super().render(task)
        return Text(text.plain.replace(f" {task.fields['unit']}", ""), style="cyan")


# The columns that a full bar needs, and a short one; figures would be cut off in fewer.
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
        with Progress(*_columns(console.width), console=console) as progress:
            task = progress.add_task(name, total=total, unit=unit)
            yield lambda advance: progress.advance(task, advance)

    def note(self, text: str) -> None:
        """Print a line on standard error."""
        print_note(text)
