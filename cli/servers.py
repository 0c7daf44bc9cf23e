"""``lmtx-search up`` and ``lmtx-search down``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command


@click.command(cls=Command)
@click.option("--without-judge", is_flag=True, help="Start no Ollama.")
@click.option("--without-tagger", is_flag=True, help="Start no HTTP tagger.")
@click.option("--prepare-only", is_flag=True, help="Download and build everything; start nothing.")
@click.option(
    "--nodes",
    type=click.Choice(["1", "3"]),
    help="Number of OpenSearch nodes (default: as before, at first 1). Of three nodes, two hold "
    "the documents and one runs the models.",
)
@pass_context
def up(
    context: Context,
    without_judge: bool,
    without_tagger: bool,
    prepare_only: bool,
    nodes: str | None,
) -> None:
    """Start an embedded OpenSearch, an Ollama with the judge's model, and the HTTP tagger.

    They listen on free ports of this machine only, and every other command finds them. The first
    start downloads what they need and checks it. An Ollama that runs or is installed is used. With
    judge.runtime = llamacpp, the judge's model is downloaded and no Ollama is started. For texts
    in other languages than English, set encoder.name = "multilingual-e5-small" before the first
    start. A better judge, which takes two to three times as long for each answer, is
    ollama.model = "qwen2.5-coder:1.5b-instruct-q4_K_M" (1.1 GB).

    \b
    Example:
      lmtx-search up
      lmtx-search up --encoder multilingual-e5-small
      lmtx-search up --nodes 3
      lmtx-search status
      lmtx-search down
    """
    from lmtx_search.embedded import servers

    if prepare_only:
        servers.prepare(context.settings, judge=not without_judge, progress=context.progress)
        context.say("Everything is downloaded and built. To start it: `lmtx-search up`")
        context.result({"prepared": True})
        return
    found = servers.up(
        context.settings,
        judge=not without_judge,
        tagger=not without_tagger,
        nodes=int(nodes) if nodes else None,
        progress=context.progress,
    )
    words = {"running": "already running", "used": "already there, used as it is"}
    for server in found:
        context.say(
            f"{server.name:<13} {server.address:<28} {words.get(server.state, server.state)}"
        )
    context.result({"servers": [asdict(server) for server in found]})


@click.command(cls=Command)
@click.option("--delete-data", is_flag=True, help="Also delete the cluster's data, runs, taggers.")
@deletes
@pass_context
def down(context: Context, delete_data: bool, dry_run: bool, yes: bool) -> None:
    """Stop the servers that `up` started. Data and downloads stay for the next `up`.

    With --delete-data the command shows what it will delete and asks for confirmation.

    \b
    Example:
      lmtx-search down
      lmtx-search down --delete-data --dry-run
      lmtx-search down --delete-data
    """
    from lmtx_search.embedded import servers
    from lmtx_search.embedded.erase import erasable, erase

    folders = erasable(context.settings) if delete_data else []
    if dry_run:
        _show_plan(context, folders)
        return
    if folders:
        confirm(f"This deletes {', '.join(map(str, folders))}. Continue?", yes)
    stopped = servers.down(context.settings, context.progress)
    for server in stopped:
        context.say(f"{server.name:<13} {server.address:<28} stopped")
    if not stopped:
        context.say("No embedded server of this data folder is running.")
    deleted = erase(context.settings) if delete_data else []
    for folder in deleted:
        context.say(f"deleted     {folder}")
    context.result({"stopped": [asdict(server) for server in stopped], "deleted": deleted})


def _show_plan(context: Context, folders: Sequence[Path]) -> None:
    from lmtx_search.embedded.servers import servers

    started = [server for server in servers(context.settings) if server.state == "running"]
    for server in started:
        context.say(f"{server.name:<13} {server.address:<28} would be stopped")
    for folder in folders:
        context.say(f"would be deleted  {folder}")
    if not started and not folders:
        context.say("There is nothing to stop or delete.")
    context.result(
        {
            "dry_run": True,
            "stopped": [asdict(server) for server in started],
            "deleted": folders,
        }
    )
