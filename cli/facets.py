"""``lmtx-search facets``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from lmtx_search.cli.context import Context, index_name, pass_context
from lmtx_search.cli.facet_names import Names
from lmtx_search.cli.facet_tables import (
    cut,
    note_cut,
    print_csv,
    show_facets,
    show_over_time,
    show_together,
)
from lmtx_search.cli.given_options import refuse_given
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.queries import query_option
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.facets.cooccurrence import together as find_together
from lmtx_search.cluster.facets.counted import uncounted_tags
from lmtx_search.cluster.facets.counts import facets as count_facets
from lmtx_search.cluster.facets.filters import QueryString, unsearched_fields
from lmtx_search.cluster.facets.over_time import Period, over_time
from lmtx_search.cluster.facets.reader_language import tag_named
from lmtx_search.cluster.retag.selection import require_query
from lmtx_search.errors import UserError
from lmtx_search.records import document_text

_WIDTH = 100


@click.command(cls=Command)
@click.option("--index", required=True, callback=index_name, help="Index of tagged documents.")
@query_option
@click.option(
    "--with",
    "tags",
    multiple=True,
    metavar="TAG",
    help="Only documents with this tag (repeatable).",
)
@click.option(
    "--size",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Number of tags to show.",
)
@click.option(
    "--documents", type=click.IntRange(0, 100), default=0, help="Number of documents to show."
)
@click.option("--together", is_flag=True, help="Show the tags that occur together.")
@click.option(
    "--over",
    type=click.Choice(["day", "week", "month", "year"]),
    help="Count the documents of each period.",
)
@click.option(
    "--time-field", default="tagging.at", show_default=True, help="Date field for --over."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
@click.option(
    "--roll-up", is_flag=True, help="Count the documents of narrower labels for a broader one."
)
@click.option(
    "--suggested",
    is_flag=True,
    help="Count suggestions in place of tags; --with then selects documents by a suggestion.",
)
@click.option(
    "--language",
    help="Show tags with their names in this language (de), which `labels load --language` read; "
    "--with takes such names too.",
)
@pass_context
def facets(
    context: Context,
    index: str,
    query: str | None,
    tags: tuple[str, ...],
    size: int,
    documents: int,
    together: bool,
    over: Period | None,
    time_field: str,
    as_csv: bool,
    roll_up: bool,
    suggested: bool,
    language: str | None,
) -> None:
    """Show the most frequent tags of an index with their counts.

    --together shows the tags that each of them occurs with, or the tags that occur with those of
    --with. --over shows the number of documents and their most frequent tags by day, week, month
    or year (UTC).

    \b
    Example:
      lmtx-search facets --index articles
      lmtx-search facets --index articles --query "python NOT perl" --with server --documents 5
      lmtx-search facets --index articles --with "web server" --together
      lmtx-search facets --index articles --over month --time-field published
      lmtx-search facets --index articles --size 1000 --csv > tags.csv
      lmtx-search facets --index articles --roll-up
      lmtx-search facets --index articles --suggested
      lmtx-search facets --index articles --language en --with "web server"
    """
    if over is None:
        refuse_given(click.get_current_context(), ("time_field",), "needs --over")
    if as_csv:
        _require_one_table(context, bool(documents), together, over is not None)
    if roll_up and (together or over):
        raise UserError("--roll-up counts tags: leave out --together and --over")
    if suggested and (together or over or roll_up):
        raise UserError("--suggested counts: leave out --together, --over and --roll-up")
    client = connect(context.settings.opensearch, reading=True)
    chosen = None
    if query is not None:
        require_query(client, index, query)
        chosen = QueryString(query)
        for note in unsearched_fields(client, index):
            context.progress.note(note)
    if language is not None:
        tags = tuple(tag_named(client, index, tag, language) for tag in tags)
    if not suggested:
        for note in uncounted_tags(client, index):
            context.progress.note(note)
    groups = find_together(client, index, chosen, tags, size) if together else []
    stretches = over_time(client, index, over, time_field, chosen, tags) if over else []
    if as_csv and over:
        print_csv((over, "documents"), ((one.start, one.documents) for one in stretches))
        return
    found = count_facets(client, index, chosen, tags, size, documents, 0, roll_up, suggested)
    names = Names.of(client, language, found, groups, stretches)
    if names.note:
        context.progress.note(names.note)
    if as_csv and together:
        rows = [
            (" + ".join(group.tags), other.tag, other.count, other.times)
            for group in map(names.group, groups)
            for other in group.companions
        ]
        print_csv(("tag", "with", "documents", "times"), rows)
        if not tags:
            note_cut(found)
        return
    if as_csv:
        note_cut(found)
        print_csv(("tag", "documents"), names.facets(found).tags)
        return
    fields = context.settings.documents.text_fields
    shown = [
        (example, _start(document_text(example.source, fields)) or example.id)
        for example in found.examples
    ]
    result: dict[str, Any] = {
        "index": index,
        "documents": found.documents,
        "tags": [{"tag": tag, "count": count} for tag, count in found.tags],
        "other": found.other,
        "statuses": found.statuses,
        "examples": [
            {"id": one.id, "text": text, "tags": dict(one.tags), "manual": list(one.manual)}
            for one, text in shown
        ],
    }
    if together:
        result["together"] = [asdict(group) for group in groups]
    if over:
        result["over"] = [
            {"start": one.start, "documents": one.documents, "tags": dict(one.tags)}
            for one in stretches
        ]
    if language is not None:
        result["names"] = names.by_tag
    context.result(result)
    if context.json:
        return
    if over:
        show_over_time(context, over, [names.stretch(one) for one in stretches])
    if together:
        show_together(context, [names.group(one) for one in groups])
        if found.other and not tags:
            context.say(cut(found))
    if not over and not together:
        show_facets(context, names.facets(found))
    for one, text in shown:
        context.say(f"\n{text}")
        named = [f"{names(tag)} {score:.2f}" for tag, score in one.tags]
        assigned = {tag for tag, _ in one.tags}
        named += [f"{names(tag)} (from a person)" for tag in one.manual if tag not in assigned]
        context.say("  " + (" · ".join(named) or "no tag"))


def _require_one_table(context: Context, documents: bool, together: bool, over: bool) -> None:
    """Refuse options whose results do not fit into one CSV table."""
    if context.json:
        raise UserError("give --json or --csv, not both")
    if documents:
        raise UserError("--csv prints counts, not documents: leave out --documents, or use --json")
    if together and over:
        raise UserError("--csv prints one table: give --together or --over, not both")


def _start(text: str) -> str:
    """Return the first line of a text, which often is its title."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
