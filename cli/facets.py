"""``lmtx-search facets``."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from lmtx_search.cli.context import Context, index_name, pass_context
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.facets import Facets
from lmtx_search.cluster.facets import facets as count_facets
from lmtx_search.records import document_text

_BAR = 30
_WIDTH = 100


@click.command()
@click.option("--index", required=True, callback=index_name, help="Index of tagged documents.")
@click.option("--query", help="Only documents that match this (simple query string).")
@click.option("--tag", "tags", multiple=True, help="Only documents with this tag (repeatable).")
@click.option("--size", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--documents", type=click.IntRange(0, 100), default=0, help="Show so many of them.")
@pass_context
def facets(
    context: Context,
    index: str,
    query: str | None,
    tags: tuple[str, ...],
    size: int,
    documents: int,
) -> None:
    """Show the most frequent tags of an index with their counts.

    \b
    Example:
      lmtx-search facets --index articles
      lmtx-search facets --index articles --query "python -perl" --tag "web server"
      lmtx-search facets --index articles --tag "web server" --documents 5
    """
    client = connect(context.settings.opensearch)
    found = count_facets(client, index, query, tags, size, documents)
    fields = context.settings.documents.text_fields
    shown = [
        (example.id, _start(document_text(example.source, fields)) or example.id, example.tags)
        for example in found.examples
    ]
    context.result(
        {
            "index": index,
            "documents": found.documents,
            "tags": [{"tag": tag, "count": count} for tag, count in found.tags],
            "other": found.other,
            "statuses": found.statuses,
            "examples": [
                {"id": id_, "text": text, "tags": dict(tags_)} for id_, text, tags_ in shown
            ],
        }
    )
    if context.json:
        return
    _show(context, found)
    for _, text, scores in shown:
        context.say(f"\n{text}")
        context.say("  " + (" · ".join(f"{tag} {score:.2f}" for tag, score in scores) or "no tag"))


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


def _start(text: str) -> str:
    """Return the first line: the title, where there is one."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR * 8))
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
