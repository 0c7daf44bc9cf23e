"""``lmtx-search facets``."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.facets import Facets
from lmtx_search.cluster.facets import facets as count_facets

_BAR = 30


@click.command()
@click.option("--index", required=True, help="Index of tagged documents.")
@click.option("--query", help="Only documents that match this (simple query string).")
@click.option("--tag", "tags", multiple=True, help="Only documents with this tag (repeatable).")
@click.option("--size", type=click.IntRange(1, 10_000), default=20, show_default=True)
@pass_context
def facets(
    context: Context, index: str, query: str | None, tags: tuple[str, ...], size: int
) -> None:
    """Show the most frequent tags of an index with their counts.

    \b
    Example:
      lmtx-search facets --index articles
      lmtx-search facets --index articles --query "python -perl" --tag "web server"
    """
    found = count_facets(connect(context.settings.opensearch), index, query, tags, size)
    context.result(
        {
            "index": index,
            "documents": found.documents,
            "tags": [{"tag": tag, "count": count} for tag, count in found.tags],
            "other": found.other,
            "statuses": found.statuses,
        }
    )
    if not context.json:
        _show(context, found)


def _show(context: Context, found: Facets) -> None:
    context.say(f"{found.documents:,} documents")
    if found.tags:
        most = found.tags[0][1]
        table = Table("tag", "", box=None, pad_edge=False)
        table.add_column("count", justify="right")
        for tag, count in found.tags:
            table.add_row(escape(tag), _bar(count / most), f"{count:,}")
        context.console.print(table)
    elif found.documents:
        context.say("None of them has a tag.")
    if found.other:
        context.say(f"and {found.other:,} times another tag (--size shows more)")
    told = ", ".join(f"{count:,} {status}" for status, count in found.statuses.items())
    if told:
        context.say(f"tagging: {told}")


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR * 8))
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
