"""``lmtx-search taggers`` and ``lmtx-search rollback``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context


@click.group(invoke_without_command=True)
@pass_context
def taggers(context: Context) -> None:
    """List the tagger versions with their measures, the newest first.

    LLM-P@1 is what the judge said of the training run's encoder, P@1 what `evaluate` found,
    watched what `watch` found last.

    \b
    Example:
      lmtx-search taggers
      lmtx-search taggers prune
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.inventory import inventory

    entries = inventory(connect(context.settings.opensearch, reading=True), context.settings)
    if not entries:
        context.say("There is no tagger: `lmtx-search deploy` makes the first.")
    elif not context.json:
        measures = ("LLM-P@1", "P@1", "watched")
        table = Table(box=None, pad_edge=False)
        table.add_column("version", no_wrap=True)
        for name in ("state", "encoder", "labels", "threshold", *measures):
            table.add_column(name, overflow="fold")
        for entry in entries:
            manifest = entry.manifest
            shown = [entry.measures.get(name) for name in measures]
            table.add_row(
                entry.version,
                entry.state,
                Path(manifest.encoder).name if manifest else "–",
                f"{manifest.labels:,}" if manifest else "–",
                f"{manifest.threshold:g}" if manifest else "–",
                *("–" if value is None else f"{value:.0%}" for value in shown),
            )
        context.console.print(table)
    context.result({"taggers": [{**asdict(entry), "state": entry.state} for entry in entries]})


@taggers.command("prune")
@click.option("--yes", is_flag=True, help="Remove it; without this it is only shown.")
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Versions before the one in use that stay, for a rollback.",
)
@pass_context
def taggers_prune(context: Context, yes: bool, keep: int) -> None:
    """Show what no pipeline and no rollback needs; with --yes, remove it.

    These are tagger versions with their models and connectors in ML Commons and their folders, and
    label indices of encoders that nothing uses any more.

    \b
    Example:
      lmtx-search taggers prune
      lmtx-search taggers prune --yes
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.prune import find_unused, prune

    client = connect(context.settings.opensearch)
    if yes:
        unused = prune(client, context.settings, keep, context.progress)
    else:
        unused = find_unused(client, context.settings, keep)
    word = "Removed" if yes else "Would remove"
    for found in unused.registered:
        parts = {"model": found.model, "connector": found.connector}
        told = ", ".join(f"{name} {id_}" for name, id_ in parts.items() if id_)
        context.say(f"{word} from ML Commons: tagger {found.version} ({told})")
    for index in unused.label_indices:
        context.say(f"{word} the label index {index}")
    for name in unused.versions:
        context.say(f"{word} the folder of the tagger {name}")
    for name, why in unused.kept.items():
        context.say(f"Stays: {name} ({why})")
    if unused.nothing:
        context.say("There is nothing to remove.")
    elif not yes:
        context.say("Nothing was removed: `lmtx-search taggers prune --yes` does it.")
    context.result({"removed": yes, **asdict(unused)})


@click.command()
@click.argument("version", required=False)
@click.option("--dry-run", is_flag=True, help="Say to which version, change nothing.")
@pass_context
def rollback(context: Context, version: str | None, dry_run: bool) -> None:
    """Let the pipeline tag with the version before, or with VERSION.

    It is tested first, and gets the labels as they are now. Documents that were tagged meanwhile
    stay as they are: `retag --since VERSION` tags them again.

    \b
    Example:
      lmtx-search rollback
      lmtx-search rollback 20260131-120000-1a2b3c
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.rollback import previous_version, roll_back
    from lmtx_search.tagging.versions.store import TaggerVersions

    settings = context.settings
    client = connect(settings.opensearch)
    if dry_run:
        name = version or previous_version(client, settings)
        TaggerVersions(settings.data_dir).get(name)
        context.say(f"Would test the tagger {name} and move the pipeline to it")
        context.result({"dry_run": True, "version": name})
        return
    done = roll_back(client, settings, version, context.progress)
    context.say(f"The pipeline tags with {done.version} again, after {done.seconds:.1f} s")
    if done.put or done.retired:
        context.say(
            f"It took over what changed in the labels since: {done.put:,} new or changed, "
            f"{done.retired:,} retired"
        )
    if done.in_cluster:
        context.say("It runs inside the cluster, with the labels that it was made with")
    if done.previous != done.version:
        context.say(
            f"Documents that {done.previous} tagged: "
            f"`lmtx-search retag --index INDEX --since {done.previous}`"
        )
    context.result(asdict(done))
