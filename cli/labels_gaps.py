"""``lmtx-search labels gaps``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cli.grammar import Command

if TYPE_CHECKING:
    from lmtx_search.gaps.report import Gaps, Theme, UnusedLabel


@click.command("gaps", cls=Command)
@click.option("--index", required=True, callback=one_index, help="Index of tagged documents.")
@click.option(
    "--sample",
    type=click.IntRange(10, 10_000),
    default=1000,
    show_default=True,
    help="Number of random documents to read.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Number of entries of each list.",
)
@pass_context
def labels_gaps(context: Context, index: str, sample: int, most: int) -> None:
    """Show what the label set lacks for the documents of an index; change nothing.

    The command reads a sample of the documents and lists themes that no label fits. It also lists
    labels that mean nearly the same, labels that are only suggested, labels that no document has,
    and labels that people reject.
    Each entry comes with the command that mends it.

    \b
    Example:
      lmtx-search labels gaps --index library
      lmtx-search labels gaps --index library --sample 5000 --json
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.gaps.find import find_gaps
    from lmtx_search.tagging.local import find_version
    from lmtx_search.tagging.scoring.tagger import Tagger

    settings = context.settings
    client = connect(settings.opensearch, reading=True)
    version, note = find_version(settings)
    if note:
        click.echo(note, err=True)
    tagger = Tagger(version, settings.service.threads)
    found = find_gaps(client, settings, tagger, index, sample, most, context.progress)
    left_out = f" ({found.without_text:,} more have no text)" if found.without_text else ""
    context.say(
        f"{found.documents:,} documents of {index} were read{left_out}, with {found.labels:,} "
        f"labels of the tagger {found.tagger}"
    )
    if found.untouched:
        context.say(
            f"{found.untouched:,} documents of {index} are never touched "
            "(documents.untouched_query), and are not in the sample"
        )
    _show_themes(context, found)
    _show_labels(context, found)
    context.result(asdict(found))


def _show_themes(context: Context, found: Gaps) -> None:
    _heading(context, "Themes that no label fits", len(found.themes), found.themes_found)
    for number, theme in enumerate(found.themes, 1):
        _show_theme(context, number, theme)
    if any(theme.command for theme in found.themes):
        context.say("  The names are proposals: choose better ones. `retag` tags old documents.")


def _show_theme(context: Context, number: int, theme: Theme) -> None:
    context.say(f"{number:>2}. {', '.join(theme.terms) or '(no telling word)'}")
    context.say(f"    {theme.documents} documents; nearest label: {theme.nearest}")
    for example in theme.examples:
        context.say(
            f"      {example.title} ({example.id}; now {example.best_label} "
            f"{example.best_score:.2f})"
        )
    if theme.command is not None:
        context.say(f"    {theme.command}")
    elif theme.terms:
        context.say("    No name is proposed: a label has each of these names")
    else:
        context.say("    No name is proposed: no word is in several of them and rare in others")


def _show_labels(context: Context, found: Gaps) -> None:
    for field in found.uncounted:
        context.say(
            f"The field {field} of {found.index} is no keyword, so its labels are not counted: "
            "documents may have a label below in that field"
        )
    shown, total = len(found.near_duplicates), found.near_duplicates_found
    _heading(context, "Labels that mean nearly the same", shown, total)
    for pair in found.near_duplicates:
        keep = _documents(pair.keep_documents, pair.keep_suggested)
        retire = _documents(pair.retire_documents, pair.retire_suggested)
        context.say(
            f"  {pair.keep} ({keep}) and {pair.retire} ({retire}): similarity {pair.similarity:.2f}"
        )
        context.say(f"    {pair.command}")
        context.say(f"    or a line of the file label.rules: {pair.rule}")
    if found.near_duplicates_excluded:
        context.say(
            f"  {found.near_duplicates_excluded:,} more exclude each other by the rules, and are "
            "not listed"
        )
    shown, total = len(found.suggested), found.suggested_found
    _heading(context, "Labels that are only suggested", shown, total)
    for suggested in found.suggested:
        context.say(f"  {suggested.name}: suggested for {_documents(suggested.documents)}")
        context.say(f"    {suggested.command}, and open {suggested.queue}")
    _heading(context, "Labels that no document has", len(found.unused), found.unused_found)
    for unused in found.unused:
        context.say(f"  {unused.name}: {_best(unused)}")
        context.say(f"    {unused.command}")
    if found.unused_needed:
        context.say(
            f"  {found.unused_needed:,} more are for people only or have narrower labels, and are "
            "not listed"
        )
    _heading(context, "Labels that people reject", len(found.rejected), found.rejected_found)
    for label in found.rejected:
        context.say(f"  {label.name}: {label.rejected} of {label.judged} answers are no")
        context.say(f"    {label.command}")
    if found.opinions_left_out:
        context.say(
            f"  {found.opinions_left_out:,} answers of people do not count: their document is "
            f"neither a training document nor in {found.index}, or its text or the label has "
            "changed since"
        )


def _heading(context: Context, what: str, shown: int, found: int) -> None:
    of = f"the first {shown} of {found:,}" if shown < found else f"{found:,}"
    context.say(f"{what}: {of if found else 'none'}")


def _best(label: UnusedLabel) -> str:
    if label.best_score is None:
        return "no document of the sample is of its group"
    return f"best score {label.best_score:.2f} ({label.best_document})"


def _documents(count: int, suggested: int = 0) -> str:
    said = f"{count:,} {'document' if count == 1 else 'documents'}"
    return f"{said}, suggested for {suggested:,}" if suggested else said
