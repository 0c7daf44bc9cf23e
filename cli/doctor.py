"""``lmtx-search doctor``."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.text import Text

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command

_COLOURS = {"ok": "green", "warn": "yellow", "bad": "bold red"}


@click.command(cls=Command)
@pass_context
def doctor(context: Context) -> None:
    """Check every requirement and suggest a remedy for each problem. Nothing is changed.

    The checks cover this machine, the cluster (version, plugins, health, disk, settings and what
    bootstrap-index sets up), the judge (eight fixed questions test its speed and its answers), the
    encoder, and the tagger in the pipeline. The exit code is 1 if a check is bad.

    \b
    Example:
      lmtx-search doctor
      lmtx-search doctor --json
    """
    from lmtx_search.doctor.run import examine

    settings = context.settings  # wrong settings are refused before the first check
    results = []
    with context.progress.stage("Check", unit="checks") as advance:
        for result in examine(settings):
            results.append(result)
            advance(1)
            if not context.json:
                line = Text(f"{result.status:<5}", style=_COLOURS[result.status])
                line.append(f"{result.group:<8} {result.name:<14} {result.found}", style="default")
                context.console.print(line)
                if result.todo:
                    context.say(f"{'':<5}{'':<8} → {result.todo}")
    count = {status: sum(r.status == status for r in results) for status in _COLOURS}
    context.say(
        f"{count['ok']} ok, {count['warn']} warnings, {count['bad']} bad"
        + ("" if count["bad"] else ": ready")
    )
    context.result({"checks": [asdict(result) for result in results], **count})
    if count["bad"]:
        raise click.exceptions.Exit(1)
