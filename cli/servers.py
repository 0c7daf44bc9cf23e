"""``lmtx-search up`` and ``lmtx-search down``."""

from __future__ import annotations

from dataclasses import asdict

import click

from lmtx_search.cli.context import Context, pass_context


@click.command()
@click.option("--without-judge", is_flag=True, help="Start no Ollama.")
@click.option("--without-tagger", is_flag=True, help="Start no HTTP tagger.")
@click.option("--prepare-only", is_flag=True, help="Download and build, start nothing.")
@pass_context
def up(context: Context, without_judge: bool, without_tagger: bool, prepare_only: bool) -> None:
    """Start an embedded OpenSearch, an Ollama with the judge's model, and the HTTP tagger.

    They listen on free ports of this machine only, and every other command finds them. What they
    need is downloaded the first time and checked. An Ollama that runs or is installed is used.

    \b
    Example:
      lmtx-search up
      lmtx-search status
      lmtx-search down
    """
    from lmtx_search.embedded import servers

    if prepare_only:
        servers.prepare(context.settings, judge=not without_judge, progress=context.progress)
        context.say("Everything is downloaded and built: `lmtx-search up` starts it.")
        context.result({"prepared": True})
        return
    found = servers.up(
        context.settings,
        judge=not without_judge,
        tagger=not without_tagger,
        progress=context.progress,
    )
    words = {"running": "already running", "used": "already there, used as it is"}
    for server in found:
        context.say(
            f"{server.name:<11} {server.address:<28} {words.get(server.state, server.state)}"
        )
    context.result({"servers": [asdict(server) for server in found]})


@click.command()
@click.option("--delete-data", is_flag=True, help="Also delete the cluster's data, runs, taggers.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@pass_context
def down(context: Context, delete_data: bool, yes: bool) -> None:
    """Stop the servers that `up` started. Data and downloads stay for the next `up`.

    \b
    Example:
      lmtx-search down
      lmtx-search down --delete-data
    """
    from lmtx_search.embedded import servers
    from lmtx_search.embedded.erase import erasable, erase

    if delete_data and not yes:
        found = ", ".join(map(str, erasable(context.settings))) or "nothing"
        click.confirm(f"This deletes {found}. Go on?", abort=True, err=True)
    stopped = servers.down(context.settings, context.progress)
    for server in stopped:
        context.say(f"{server.name:<11} {server.address:<28} stopped")
    if not stopped:
        context.say("Nothing to stop: no embedded server runs for this data folder.")
    deleted = erase(context.settings) if delete_data else []
    for folder in deleted:
        context.say(f"deleted     {folder}")
    context.result({"stopped": [asdict(server) for server in stopped], "deleted": deleted})
