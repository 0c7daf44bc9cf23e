"""Measures the start-up time of `lmtx-search --help` against a Python that does nothing.

Both run in turn, once per round. The result is the ratio of their medians. Example:

    python bench/startup.py --rounds 20
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.option("--rounds", type=click.IntRange(3), default=20, show_default=True)
def main(rounds: int) -> None:
    """Print the median, lowest and highest milliseconds of each side, and the ratio of medians."""
    program = shutil.which("lmtx-search", path=str(Path(sys.executable).parent))
    if program is None:
        raise click.ClickException("lmtx-search is not installed beside this Python")
    sides = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "lmtx-search --help": [program, "--help"],
    }
    for command in sides.values():
        milliseconds(command)  # reads the files into the system's cache, writes .pyc files
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, command in sides.items():
            found[name].append(milliseconds(command))
    for name, values in found.items():
        click.echo(
            f"{name:<20} {statistics.median(values):7.1f} ms  "
            f"({min(values):.1f}–{max(values):.1f}, {rounds} rounds)"
        )
    empty, help_ = (statistics.median(values) for values in found.values())
    click.echo(f"ratio                {help_ / empty:7.2f}")


def milliseconds(command: Sequence[str]) -> float:
    """Run the command and return its wall-clock time."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
