"""``lmtx-search doctor``."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.text import Text

from lmtx_search.cli.context import Context, pass_context

_COLOURS = {"ok": "green", "warn": "yellow", "bad": "bold red"}


@click.command()
@pass_context
def doctor(context: Context) -> None:
    """Check everything that is needed, and say of each thing what to do. Nothing is changed.

    This machine, the cluster (version, plugins, health, disk, settings, what bootstrap-index
    makes), the judge (eight fixed questions: is it there, how fast, does it tell right from
    wrong), the encoder, and the tagger that the pipeline uses. Exit code 1: something is bad.

    \b
    Example:
      lmtx-search doctor
      lmtx-search doctor --json
    """
    from lmtx_search.doctor.run import examine

    settings = context.settings  # wrong ones end here, before anything is looked at
    results = []
    with context.progress.stage("Look at everything", unit="checks") as advance:
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
        f"{count['ok']} ok, {count['warn']} to see to, {count['bad']} bad"
        + ("" if count["bad"] else ": nothing stands in the way")
    )
    context.result({"checks": [asdict(result) for result in results], **count})
    if count["bad"]:
        raise click.exceptions.Exit(1)
