"""``lmtx-search history``."""

from __future__ import annotations

from dataclasses import asdict

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cli.grammar import Command


@click.command(cls=Command)
@click.argument("document", metavar="ID")
@click.argument("label", required=False)
@click.option("--index", required=True, callback=one_index, help="Index that holds the document.")
@click.option("--routing", help="Routing of the document, if several have its id.")
@pass_context
def history(
    context: Context, document: str, label: str | None, index: str, routing: str | None
) -> None:
    """Show what happened to the tags of the document ID since it was indexed, oldest first.

    The command lists answers of judges and people, decisions of people, the last tagging, the
    training and deployment of its tagger, and later deployments and rollbacks. It says what is not
    recorded.
    LABEL, an id or the name of a tag, limits the list to one label.

    \b
    Example:
      lmtx-search history --index library 42
      lmtx-search history --index library 42 chess
      lmtx-search history --index library 42 chess --json
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.history.read import read_history

    settings = context.settings
    client = connect(settings.opensearch, reading=True)
    found = read_history(client, settings, index, document, label, routing)
    context.say(f"{found.document} in {found.index}, written {_times(found.writes)}")
    context.say(f"  tags now: {', '.join(found.tags) or 'none'}")
    if found.suggested:
        context.say(f"  suggested: {', '.join(found.suggested)}")
    if found.manual:
        context.say(f"  people's own tags: {', '.join(found.manual)}")
    if found.rejected:
        context.say(f"  rejected by people: {', '.join(found.rejected)}")
    for event in found.events:
        part = f" (run {event.run})" if event.run and event.run not in event.what else ""
        context.say(f"{event.at[:19].replace('T', ' ')}  {event.kind:<13}  {event.what}{part}")
    if not found.events:
        context.say("Nothing is recorded.")
    context.say("Not recorded:")
    for unknown in found.unknown:
        context.say(f"  {unknown}")
    context.result(asdict(found))


def _times(writes: int) -> str:
    return "once" if writes == 1 else f"{writes:,} times"
