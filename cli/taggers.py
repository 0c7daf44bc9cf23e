"""``lmtx-search taggers``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from lmtx_search.cli.confirm import confirm, deletes
from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group

if TYPE_CHECKING:
    from lmtx_search.tagging.deployment.inventory import VersionEntry
    from lmtx_search.tagging.deployment.prune import UnusedVersions


@click.group(cls=Group, invoke_without_command=True)
@pass_context
def taggers(context: Context) -> None:
    """List the tagger versions with their measures, the newest first.

    The kind says what reads documents: the encoder itself, a transformer, or a static encoder that
    was distilled from it. LLM-P@1 is the judge's measure of the training run's encoder, which a
    static encoder is not: its agreement is the share of held-out documents on which it has the same
    first label as the transformer. P@1 is the measure of `evaluate`, and "watched" the last measure
    of `watch`.

    \b
    Example:
      lmtx-search taggers
      lmtx-search taggers prune
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.inventory import AGREEMENT, inventory

    entries = inventory(connect(context.settings.opensearch, reading=True), context.settings)
    if not entries:
        context.say("There is no tagger yet. To make one: `lmtx-search deploy`")
    elif not context.json:
        measures = ["LLM-P@1", "P@1", "watched"]
        if any(AGREEMENT in entry.measures for entry in entries):
            measures.insert(1, AGREEMENT)
        table = Table(box=None, pad_edge=False)
        table.add_column("version", no_wrap=True)
        for name in ("state", "encoder", "kind", "labels", "rules", "threshold", *measures):
            table.add_column(name, overflow="fold", no_wrap=name in ("state", "kind"))
        for entry in entries:
            manifest = entry.manifest
            shown = [entry.measures.get(name) for name in measures]
            table.add_row(
                entry.version,
                entry.state,
                Path(manifest.encoder).name if manifest else "–",
                manifest.kind if manifest else "–",
                f"{manifest.labels:,}" if manifest else "–",
                f"{manifest.rules.number:,}" if manifest and manifest.rules else "–",
                f"{manifest.threshold:g}" if manifest else "–",
                *("–" if value is None else f"{value:.0%}" for value in shown),
            )
        context.console.print(table)
    context.result({"taggers": [_record(entry) for entry in entries]})


def _record(entry: VersionEntry) -> dict[str, Any]:
    kind = entry.manifest.kind if entry.manifest else None
    return {**asdict(entry), "state": entry.state, "kind": kind}


@taggers.command("prune")
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Number of versions before the one in use to keep for a rollback.",
)
@deletes
@pass_context
def taggers_prune(context: Context, keep: int, dry_run: bool, yes: bool) -> None:
    """Delete the tagger versions that no pipeline and no rollback needs.

    A version's model and connector in ML Commons and its folder are deleted, and so are the label
    indices of encoders that are no longer used. The command shows them and asks for confirmation.

    \b
    Example:
      lmtx-search taggers prune --dry-run
      lmtx-search taggers prune --keep 3
      lmtx-search taggers prune --yes
    """
    from lmtx_search.cli.terminal import print_note
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.prune import find_unused, prune

    client = connect(context.settings.opensearch)
    unused = find_unused(client, context.settings, keep)
    if dry_run:
        _show_unused(context.say, unused, "Would delete")
    else:
        if not yes and not unused.nothing:
            _show_unused(print_note, unused, "To be deleted:")
            confirm("Delete all of this?", yes)
        unused = prune(client, context.settings, keep, context.progress)
        _show_unused(context.say, unused, "Deleted")
    if unused.nothing:
        context.say("There is nothing to delete.")
    context.result({"dry_run": dry_run, "removed": not dry_run, **asdict(unused)})


def _show_unused(say: Callable[[str], None], unused: UnusedVersions, word: str) -> None:
    for found in unused.registered:
        parts = {"model": found.model, "connector": found.connector}
        told = ", ".join(f"{name} {id_}" for name, id_ in parts.items() if id_)
        say(f"{word} from ML Commons: the tagger {found.version} ({told})")
    for index in unused.label_indices:
        say(f"{word} the label index {index}")
    for name in unused.versions:
        say(f"{word} the folder of the tagger {name}")
    for name, why in unused.kept.items():
        say(f"Kept: {name} ({why})")
