"""``lmtx-search retag``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from lmtx_search.cli.context import Context, index_name, pass_context


@click.command()
@click.option("--index", required=True, callback=index_name, help="Index, or an alias.")
@click.option("--query", help="Only documents that match this, in the query string syntax.")
@click.option("--pending", is_flag=True, help="Only documents that wait for their tags.")
@click.option("--since", metavar="VERSION", help="Only what VERSION or a later tagger tagged.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    help="Only documents that have this tag: its name, or the label's id; may be repeated.",
)
@click.option(
    "--everything",
    is_flag=True,
    help="Also documents that the tagger in use has tagged, with the labels as they are now.",
)
@click.option(
    "--stale", is_flag=True, help="Only documents whose text has changed since they were tagged."
)
@click.option("--keep-retired", is_flag=True, help="Tags that no label has any more stay.")
@click.option(
    "--keep-own-tags",
    is_flag=True,
    help="Move values that lmtx-search did not write in fields like tags to tags_manual.",
)
@click.option("--per-second", type=click.FloatRange(1), help="Documents a second, at most.")
@click.option("--dry-run", is_flag=True, help="Count them and try a sample, change nothing.")
@pass_context
def retag(
    context: Context, index: str, per_second: float | None, dry_run: bool, **wish: Any
) -> None:
    """Send documents that are already indexed through the tagging pipeline again.

    A document that changes during the run is left as it is. People's own tags (the field
    tags_manual) and all other fields stay. If the run is interrupted, the same command continues.
    If documents hold values in fields like tags that lmtx-search did not write, nothing is changed
    until you decide: --keep-own-tags moves them to tags_manual.

    \b
    Example:
      lmtx-search retag --index library --dry-run
      lmtx-search retag --index library --pending
      lmtx-search retag --index library --stale
      lmtx-search retag --index library --label q718 --query "year:>2020" --per-second 20
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.tagging.retagging import Wish, carry_out, plan, preview

    client = connect(context.settings.opensearch)
    made = plan(client, context.settings, index, Wish(**wish))
    if dry_run:
        previews = preview(client, made)
        for one in previews:
            context.say(f"{one.index}: {one.documents:,} documents would be tagged again")
            for own in one.own:
                counted = "" if own.values is None else f", {own.values:,} values"
                verb = "move to the manual tags" if made.keep_own_tags else "need --keep-own-tags"
                context.say(f"  {own}{counted}: they {verb}")
            if one.sample:
                context.say(
                    f"  of a sample of {one.sample}, {one.sample_changed} would get other tags"
                )
        context.result({"dry_run": True, "indices": [asdict(one) for one in previews]})
        return
    reports = carry_out(client, context.settings, made, per_second, context.progress)
    for name, report in reports.items():
        if report.resumed_after:
            context.say(f"Continued after the first {report.resumed_after:,} documents")
        context.say(
            f"{name}: {report.documents:,} documents, {report.tagged:,} tagged by {made.tagger}, "
            f"{report.changed:,} with other tags than before"
        )
        rest = {
            "without text": report.untagged,
            "with their own values in the fields of the tags, left as they are": report.skipped,
            "pending: the tagger did not answer": report.pending,
            "changed or deleted during the run, left as they are": report.overtaken,
            "refused": report.failed,
        }
        for what, count in rest.items():
            if count:
                context.say(f"  {count:,} {what}")
        for reason, count in report.reasons.items():
            context.say(f"  {count:,} × {reason}")
    context.result(
        {"tagger": made.tagger, "indices": {name: asdict(one) for name, one in reports.items()}}
    )
    if any(report.failed or report.pending for report in reports.values()):
        raise click.exceptions.Exit(1)
