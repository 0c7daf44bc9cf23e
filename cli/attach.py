"""``lmtx-search attach`` and ``lmtx-search detach``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context, index_name, pass_context
from lmtx_search.cli.grammar import Command

if TYPE_CHECKING:
    from lmtx_search.cluster.setup.changes import Change


@click.command(cls=Command)
@click.argument("index", callback=index_name)
@click.option(
    "--text-field",
    "text_fields",
    multiple=True,
    required=True,
    help="Field with a document's text (repeatable, in order).",
)
@click.option(
    "--keep-own-tags",
    is_flag=True,
    help="Move values of your own in fields like tags to tags_manual as documents are tagged.",
)
@click.option("--dry-run", is_flag=True, help="Print the requests; change nothing.")
@pass_context
def attach(
    context: Context, index: str, text_fields: tuple[str, ...], keep_own_tags: bool, dry_run: bool
) -> None:
    """Make an index tag the documents that are indexed from now on.

    INDEX is an index, an alias, a data stream or a pattern. Later indices of an alias that is
    rolled over, of a data stream or of a pattern tag too: `attach` changes the index template that
    makes them, or writes one. Documents that are already in the index stay unchanged. If an index
    or a template has a default pipeline, it keeps running, and runs first.

    \b
    Example:
      lmtx-search attach articles --text-field title --text-field body
      lmtx-search attach "logs-app-*" --text-field message --dry-run
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.client.lock import exclusive
    from lmtx_search.cluster.setup.attach import attach as carry_out
    from lmtx_search.cluster.setup.attach import later_unforeseen, plan_attach, steps_left

    client = connect(context.settings.opensearch)
    if dry_run:
        changes = plan_attach(client, index, text_fields, keep_own_tags)
    else:
        with exclusive(client, "attach"):
            changes = plan_attach(client, index, text_fields, keep_own_tags)
            carry_out(client, changes)
    _tell(context, index, changes, dry_run)
    left = list(steps_left(client, index, text_fields, keep_own_tags))
    if not changes and not left:
        context.say(
            f"Nothing to do: {index} already tags its documents from {', '.join(text_fields)}."
        )
    _result(context, index, changes, [*left, *later_unforeseen(client, index)], dry_run)


@click.command(cls=Command)
@click.argument("index", callback=index_name)
@click.option("--dry-run", is_flag=True, help="Print the requests; change nothing.")
@pass_context
def detach(context: Context, index: str, dry_run: bool) -> None:
    """Undo `attach`: stop tagging the documents that are indexed into INDEX.

    Index templates that `attach` changed are restored. Tagged documents keep their tags. If the
    index has a default pipeline, it keeps running.

    \b
    Example:
      lmtx-search detach articles
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.client.lock import exclusive
    from lmtx_search.cluster.setup.attach import attach as carry_out
    from lmtx_search.cluster.setup.detach import plan_detach, steps_after_detach

    client = connect(context.settings.opensearch)
    if dry_run:
        changes = plan_detach(client, index)
    else:
        with exclusive(client, "detach"):
            changes = plan_detach(client, index)
            carry_out(client, changes)
    _tell(context, index, changes, dry_run)
    left = list(steps_after_detach(client, index))
    if not changes and not left:
        context.say(f"Nothing to do: {index} does not tag its documents.")
    _result(context, index, changes, left, dry_run)


def _tell(context: Context, index: str, changes: Sequence[Change], dry_run: bool) -> None:
    for change in changes:
        if dry_run:
            context.say(f"{change.method} {change.path}\n{json.dumps(change.body, indent=2)}")
        else:
            context.say(f"{index}: {change.reason}")


def _result(
    context: Context, index: str, changes: Sequence[Change], notes: Sequence[str], dry_run: bool
) -> None:
    for note in notes:
        context.say(f"Note: {note}.")
    context.result(
        {
            "index": index,
            "dry_run": dry_run,
            "changes": [asdict(change) for change in changes],
            "notes": notes,
        }
    )
