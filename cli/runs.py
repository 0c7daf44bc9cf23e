"""``lmtx-search runs`` and ``runs show``."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError


@click.group(cls=Group, invoke_without_command=True)
@click.option(
    "--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="Number of runs."
)
@pass_context
def runs(context: Context, most: int) -> None:
    """List the last runs of judge, train, evaluate, deploy, rollback, retag and watch.

    \b
    Example:
      lmtx-search runs
      lmtx-search runs show 20260131-120000-1a2b3c
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    found = RunStore(connect(context.settings.opensearch, reading=True)).newest(most)
    rows = [_row(run, record) for run, record in found]
    if not rows:
        context.say("There are no runs yet. To make one: `lmtx-search train`")
    elif not context.json:
        table = Table(
            "id", "when", "kind", "LLM-P@1", "cycles", "minutes", box=None, pad_edge=False
        )
        for row in rows:
            table.add_row(
                row["id"],
                row["at"][:16].replace("T", " "),
                row["kind"],
                _shown(row["llm_p1"], "{:.0%}"),
                _shown(row["cycles"], "{}"),
                _shown(row["minutes"], "{:.1f}"),
            )
        context.console.print(table)
    context.result({"runs": rows})


@runs.command("show")
@click.argument("run", metavar="ID")
@pass_context
def runs_show(context: Context, run: str) -> None:
    """Show the whole record of a run.

    \b
    Example:
      lmtx-search runs show 20260131-120000-1a2b3c
      lmtx-search runs show 20260131-120000-1a2b3c --json
    """
    record = RunStore(connect(context.settings.opensearch, reading=True)).get(run)
    if record is None:
        raise UserError(f"there is no run {run}: `lmtx-search runs` lists them")
    for name, value in record.items():
        _say(context, name, value)
    context.result({"run": run, **record})


def _row(run: str, record: dict[str, Any]) -> dict[str, Any]:
    seconds = record.get("seconds", {}).get("all")
    cycles = record.get("cycles")
    return {
        "id": run,
        "at": record.get("at", ""),
        "kind": record.get("kind", ""),
        "llm_p1": record.get("measures", {}).get("llm_p1"),
        "cycles": len(cycles) if cycles else None,
        "minutes": None if seconds is None else round(seconds / 60, 1),
    }


def _shown(value: Any, form: str) -> str:
    return "–" if value is None else form.format(value)


def _say(context: Context, name: str, value: Any, depth: int = 0) -> None:
    """Print a value of the record under its name, with nested values indented."""
    start = "  " * depth + name
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = {str(number): item for number, item in enumerate(value, 1)}
    if isinstance(value, dict) and value:
        context.say(start)
        for inner, item in value.items():
            _say(context, inner, item, depth + 1)
    elif isinstance(value, float):
        context.say(f"{start}: {value:.4g}")
    else:
        context.say(f"{start}: {value if isinstance(value, str) else json.dumps(value)}")
