"""The tables of `lmtx-search facets`: with bars in a terminal, or as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import click
from rich.markup import escape
from rich.table import Table

from lmtx_search.cli.context import Context
from lmtx_search.cluster.facets.cooccurrence import Together
from lmtx_search.cluster.facets.counts import Facets
from lmtx_search.cluster.facets.over_time import Stretch

_BAR = 30
_SHORT = 15


def print_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV (RFC 4180, except that lines end with a line feed)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    click.echo(text.getvalue(), nl=False)


def show_facets(context: Context, found: Facets) -> None:
    """Print the tags with bars, and how many documents are tagged."""
    context.say(f"{found.documents:,} documents")
    if found.tags:
        most = found.tags[0][1]
        table = Table("tag", "", box=None, pad_edge=False)
        table.add_column("count", justify="right")
        for tag, count in found.tags:
            table.add_row(escape(tag), bar(count / most), f"{count:,}")
        context.console.print(table)
    elif found.documents:
        context.say("No document has a tag.")
    if found.other:
        context.say(cut(found))
    told = ", ".join(f"{count:,} {status}" for status, count in found.statuses.items())
    if told:
        context.say(f"tagging: {told}")


def cut(found: Facets) -> str:
    """Return a line about the tags that are not shown."""
    return f"Other tags were assigned {found.other:,} times (--size shows more)"


def note_cut(found: Facets) -> None:
    """Say on standard error that CSV has not all tags, if it has not."""
    if found.other:
        click.echo(f"Note: {cut(found)}", err=True)


def show_over_time(context: Context, period: str, stretches: Sequence[Stretch]) -> None:
    """Print a bar for each period, with its most frequent tags."""
    if not stretches:
        context.say("No document has a date in this field.")
        return
    most = max(one.documents for one in stretches)
    table = Table(period, "", box=None, pad_edge=False)
    table.add_column("documents", justify="right")
    table.add_column("most frequent tags")
    for one in stretches:
        tags = " · ".join(f"{tag} {count:,}" for tag, count in one.tags)
        length = bar(one.documents / most, _SHORT) if one.documents else ""
        table.add_row(one.start, length, f"{one.documents:,}", escape(tags))
    context.console.print(table)


def show_together(context: Context, groups: Sequence[Together]) -> None:
    """Print each group's tags, and below them the tags that they occur with."""
    if not any(group.companions for group in groups):
        context.say("No tags occur together more often than by chance.")
        return
    table = Table("tag", box=None, pad_edge=False)
    table.add_column("documents", justify="right")
    table.add_column("times", justify="right")
    table.add_column("")
    for group in groups:
        table.add_row(escape(" + ".join(group.tags)), f"{group.documents:,}", "", "")
        for other in group.companions:
            length = bar(other.count / group.documents, _SHORT)
            table.add_row(
                f"  with {escape(other.tag)}", f"{other.count:,}", f"{other.times:,.1f}", length
            )
    context.console.print(table)
    context.say("times: how much more frequent than among all matching documents")


def bar(share: float, width: int = _BAR) -> str:
    """Return a bar for a share (above 0 to 1) of so many characters."""
    eighths = max(1, round(share * width * 8))
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
