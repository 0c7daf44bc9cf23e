"""``lmtx-search rollback``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.settings_flags import given_flags

if TYPE_CHECKING:
    from lmtx_search.tagging.deployment.rollback_plan import RollbackPlan


@click.command(cls=Command)
@click.argument("version", required=False)
@click.option(
    "--take-over",
    is_flag=True,
    help="Use VERSION although another cluster deployed it, which is gone. It then belongs to this "
    "cluster.",
)
@click.option("--dry-run", is_flag=True, help="Show the version; change nothing.")
@pass_context
def rollback(context: Context, version: str | None, take_over: bool, dry_run: bool) -> None:
    """Return the pipeline to the previous tagger version, or to VERSION.

    The version is tested first and takes over the current labels. VERSION may be the one in use if
    its labels differ from those of the label index (`doctor`), or if ML Commons has lost its model.
    Documents that another version tagged in the meantime keep their tags; `retag --since VERSION`
    tags them again.

    The text fields and the documents that are never touched are those that the version was deployed
    with. If it was deployed without documents that are never touched, those of the pipeline now
    stay untouched. A line says in what this differs from what the pipeline reads now.

    \b
    Example:
      lmtx-search rollback
      lmtx-search rollback 20260131-120000-1a2b3c
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.deployment.rollback import roll_back
    from lmtx_search.tagging.deployment.rollback_plan import plan_rollback

    if take_over and version is None:
        raise click.UsageError("--take-over needs a VERSION")
    settings = context.settings
    client = connect(settings.opensearch)
    if dry_run:
        _show_plan(context, plan_rollback(client, settings, version, take_over=take_over))
        return
    done = roll_back(client, settings, version, context.progress, take_over=take_over)
    context.say(f"The pipeline now uses the tagger {done.version} ({done.seconds:.1f} s)")
    if done.put or done.retired:
        took = (
            "now has the labels of the label index"
            if done.previous == done.version
            else "took over the label changes since then"
        )
        context.say(f"The tagger {took}: {done.put:,} new or changed, {done.retired:,} retired")
    if done.in_cluster:
        context.say("The tagger runs inside the cluster and keeps the labels that it was made with")
    if done.previous is not None and done.previous != done.version:
        context.say(
            f"To tag the documents of {done.previous} again: "
            f"`lmtx-search retag --index INDEX --since {done.previous}{given_flags(context)}`"
        )
    context.result(asdict(done))


def _show_plan(context: Context, plan: RollbackPlan) -> None:
    name = plan.version.manifest.version
    put, retired = plan.label_changes()
    context.say(
        f"Would test the tagger {name}, which is in use, again"
        if plan.in_use
        else f"Would test the tagger {name} and switch the pipeline to it"
    )
    if put or retired:
        context.say(
            f"Before, it would get the labels of the label index: {put:,} new or changed, "
            f"{retired:,} retired"
        )
    for line in plan.differences:
        context.say(line)
    context.result(
        {
            "dry_run": True,
            "version": name,
            "in_use": plan.in_use,
            "put": put,
            "retired": retired,
            "differences": plan.differences,
        }
    )
