"""``lmtx-search attach``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from lmtx_search.cli.context import Context, index_name, pass_context


@click.command()
@click.argument("index", callback=index_name)
@click.option(
    "--text-field",
    "text_fields",
    multiple=True,
    required=True,
    help="Field that holds a document's text; repeat it for several, in order.",
)
@click.option("--dry-run", is_flag=True, help="Print the requests, change nothing.")
@pass_context
def attach(context: Context, index: str, text_fields: tuple[str, ...], dry_run: bool) -> None:
    """Make an existing index tag what is indexed from now on.

    Documents that are already in it stay as they are. A default pipeline of its own stays too.

    \b
    Example:
      lmtx-search attach articles --text-field title --text-field body
    """
    from lmtx_search.cluster.attach import attach as carry_out
    from lmtx_search.cluster.attach import plan_attach
    from lmtx_search.cluster.connect import connect

    client = connect(context.settings.opensearch)
    changes = plan_attach(client, index, text_fields)
    if not dry_run:
        carry_out(client, changes)
    for change in changes:
        if dry_run:
            context.say(f"{change.method} {change.path}\n{json.dumps(change.body, indent=2)}")
        else:
            context.say(f"{index}: {change.reason}")
    if not changes:
        context.say(
            f"Nothing to do: {index} already tags its documents by {', '.join(text_fields)}."
        )
    context.result(
        {"index": index, "dry_run": dry_run, "changes": [asdict(change) for change in changes]}
    )
