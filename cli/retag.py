"""``lmtx-search retag``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from lmtx_search.cli.context import Context, index_name, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.queries import query_option


@click.command(cls=Command)
@click.option("--index", required=True, callback=index_name, help="Index or alias.")
@query_option
@click.option("--pending", is_flag=True, help="Only documents that are waiting for their tags.")
@click.option(
    "--since",
    metavar="VERSION",
    help="Only documents that this tagger version or a later one tagged.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    help="Only documents with the tag of this label: its id, or the tag's name (repeatable).",
)
@click.option(
    "--everything",
    is_flag=True,
    help="Also documents that the current tagger has tagged with the current labels.",
)
@click.option("--keep-retired", is_flag=True, help="Keep tags of retired labels.")
@click.option(
    "--per-second", type=click.FloatRange(1), help="Maximum number of documents per second."
)
@click.option(
    "--dry-run", is_flag=True, help="Count the documents and try a sample; change nothing."
)
@click.option(
    "--stale",
    is_flag=True,
    help="Tag only documents whose text has changed since they were tagged.",
)
@click.option(
    "--keep-own-tags",
    is_flag=True,
    help="Move values of your own in fields like tags to tags_manual.",
)
@pass_context
def retag(
    context: Context, index: str, per_second: float | None, dry_run: bool, **wish: Any
) -> None:
    """Send documents that are already indexed through the tagging pipeline again.

    A document that another program writes in the meantime stays as it was written. Manual tags
    (the field tags_manual) and all other fields stay too. If documents hold values in fields like
    tags that lmtx-search did not write, nothing is changed until you decide: --keep-own-tags moves
    them to tags_manual. After an interruption, the same command continues where it stopped.

    Each document is written once more, so its _version grows. A program that writes with external
    versions may be refused afterwards (409): see the page "Writing documents".

    --label ID finds documents by all names that the label has or had in the tagger versions of this
    machine, also if it was retired.

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
    for note in made.notes:
        context.progress.note(note)
    if dry_run:
        previews = preview(client, made)
        for one in previews:
            context.say(f"{one.index}: {one.documents:,} documents would be tagged again")
            if one.untouched:
                context.say(
                    f"  {one.untouched:,} others are left untouched (documents.untouched_query)"
                )
            for own in one.own:
                counted = "" if own.values is None else f", {own.values:,} values"
                verb = "move to the manual tags" if made.keep_own_tags else "need --keep-own-tags"
                context.say(f"  {own}{counted}: they {verb}")
            if one.sample:
                context.say(
                    f"  of a sample of {one.sample}, {one.sample_changed} would get other tags and "
                    f"{one.sample_suggestions_changed} other suggestions"
                )
            if one.sample_pending:
                context.say(
                    f"  {one.sample_pending} of the sample would be pending, because the tagger "
                    "does not answer (`lmtx-search status`)"
                )
            if one.sample_failed:
                context.say(f"  {one.sample_failed} of the sample would be refused")
            for reason, count in one.reasons.items():
                context.say(f"  {count:,} × {reason}")
        context.result({"dry_run": True, "indices": [asdict(one) for one in previews]})
        return
    reports = carry_out(client, context.settings, made, per_second, context.progress)
    for name, report in reports.items():
        if report.resumed_after:
            context.say(
                f"{name}: {report.resumed_after:,} documents were finished before the interruption"
            )
        context.say(
            f"{name}: {report.documents:,} documents, {report.tagged:,} tagged by {made.tagger}, "
            f"{report.changed:,} with other tags than before, {report.suggestions_changed:,} with "
            "other suggestions"
        )
        rest = {
            "without text": report.untagged,
            "with their own values in the fields of the tags, left as they are": report.skipped,
            "pending, because the tagger did not answer": report.pending,
            "written or deleted by other programs in the meantime": report.overtaken,
            "left untouched (documents.untouched_query)": report.untouched,
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
